import { expect, test } from '@jest/globals';
import { checkPassword } from '../../src/access/accounts.ts';
import { createPasswords } from '../../src/access/passwords.ts';

const passwords = createPasswords();

test('a hash says what it cost, and holds for its password alone', async () => {
  const stored = await passwords.hash('violet tram under seven');
  expect(stored).toMatch(/^scrypt\$16384\$8\$5\$[\w-]{22}\$[\w-]{43}$/);
  expect(await passwords.is(stored, 'violet tram under seven')).toBe(true);
  expect(await passwords.is(stored, 'violet tram under eight')).toBe(false);
  expect(await passwords.hash('violet tram under seven')).not.toBe(stored);
});

test('the same letters typed as other code points are the same password', async () => {
  const stored = await passwords.hash('caf\u00e9 by the river');
  expect(await passwords.is(stored, 'cafe\u0301 by the river')).toBe(true);
});

test('nobody has no password', async () => {
  expect(await passwords.is(undefined, 'violet tram under seven')).toBe(false);
  expect(await passwords.is(undefined, '')).toBe(false);
});

test.each(['aaaaaaaaaaaaaaa', 'password1234', 'qwertyuiop12', 'ada@example12', '123456789012'])(
  '%s is easily guessed',
  (password) => {
    expect(() => checkPassword('ada@example.org', password)).toThrow(/easily guessed/);
  },
);
