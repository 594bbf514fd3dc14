import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { printStates } from '../../tools/print-states.ts';

test('docs/states.md is what tools/print-states.ts prints', () => {
  const file = join(import.meta.dirname, '../../docs/states.md');
  expect(readFileSync(file, 'utf8')).toBe(printStates());
});

test('every event of the table says what brings it about', () => {
  expect(printStates()).not.toContain('undefined');
});
