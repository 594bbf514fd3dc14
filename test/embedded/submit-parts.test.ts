import { expect, test } from '@jest/globals';
import { memoryOf } from '../../src/embedded/submit-parts.ts';

test('what a message holds alone is handed over, what others hold too is not', () => {
  const whole = new Uint8Array(10);
  const part = new Uint8Array(new ArrayBuffer(100), 10, 20);
  expect(memoryOf(whole)).toEqual([whole.buffer]);
  expect(memoryOf(part)).toEqual([]);
  const places = new Int32Array(5);
  expect(memoryOf({ whole, part, places, again: whole, text: 'x' })).toEqual([
    whole.buffer,
    places.buffer,
  ]);
});
