import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { openSecrets } from '../../../src/adapters/embedded/secrets.ts';

const folder = mkdtempSync(join(tmpdir(), 'fanfold-secrets-'));
const file = join(folder, 'secrets.json');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => rmSync(file, { force: true }));

test('secrets are kept in a file that only its owner reads, and told by name alone', async () => {
  const secrets = openSecrets(file, () => 7);
  expect(await secrets.read('a')).toBeUndefined();
  expect(await secrets.set('b', 'two\nlines ö')).toEqual({ name: 'b', updatedAt: 7 });
  await secrets.set('a', 'one');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['secrets.json']);
  expect(await secrets.list()).toEqual([
    { name: 'a', updatedAt: 7 },
    { name: 'b', updatedAt: 7 },
  ]);
  expect(await openSecrets(file, () => 8).read('b')).toBe('two\nlines ö');
});

test('what is set anew, or removed, is seen at once', async () => {
  const [one, other] = [openSecrets(file, () => 1), openSecrets(file, () => 2)];
  await one.set('a', 'old!');
  await other.set('a', 'new!');
  expect(await one.read('a')).toBe('new!');
  expect(await other.remove('a')).toBe(true);
  expect(await one.remove('a')).toBe(false);
  expect(await one.read('a')).toBeUndefined();
});

test('a damaged file is named, and nothing of it is quoted', async () => {
  writeFileSync(file, '{"a": {"value": "top-secret');
  const refusal = await openSecrets(file, () => 1)
    .read('a')
    .catch((error: Error) => error.message);
  expect(refusal).toContain(file);
  expect(refusal).not.toContain('top-secret');
});
