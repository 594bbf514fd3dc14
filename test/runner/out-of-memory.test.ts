import { expect, test } from '@jest/globals';
import { gotNoMemory } from '../../src/runner/out-of-memory.ts';

test.each([
  'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n 1: 0xb8',
  'Traceback (most recent call last):\n  File "a.py"\nMemoryError',
  'numpy.core._exceptions._ArrayMemoryError: Unable',
  'runtime: out of memory: cannot allocate 4194304-byte block\nfatal error: out of memory',
  'fatal error: runtime: cannot allocate memory',
  'memory allocation of 16777216 bytes failed',
  "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc",
  'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space',
  'Out of memory in perl:util:safesysrealloc',
  "a.rb:1:in `*': failed to allocate memory (NoMemoryError)",
  'PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 1 bytes)',
  'bash: xrealloc: cannot allocate 18446744071562067968 bytes',
])('%j is a want of memory', (tail) => {
  expect(gotNoMemory(tail)).toBe(true);
});

test.each(['', 'the server said: out of memory', 'ValueError: MemoryError was expected', 'exit'])(
  '%j is none',
  (tail) => {
    expect(gotNoMemory(tail)).toBe(false);
  },
);
