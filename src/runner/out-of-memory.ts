/** How the runtimes of languages say that they got no more memory, at the beginning of a line of stderr. */
const words = [
  '.*JavaScript heap out of memory', // Node
  '(?:[A-Za-z_.]+\\.)?_?[A-Za-z]*MemoryError\\b', // Python
  '(?:fatal error|runtime): .*(?:out of memory|cannot allocate memory)', // Go
  'memory allocation of \\d+ bytes failed', // Rust
  "terminate called after throwing an instance of 'std::bad_alloc'", // C++
  '(?:Exception in thread .*)?java\\.lang\\.OutOfMemoryError', // Java
  'Out of memory', // Perl
  '.*failed to allocate memory \\(NoMemoryError\\)', // Ruby
  '(?:PHP )?Fatal error: +(?:Allowed memory size of|Out of memory)', // PHP
  '.*(?:xmalloc|xrealloc): .*cannot allocate \\d+ bytes', // Bash
];
const gaveUp = new RegExp(`^(?:${words.join('|')})`, 'm');

/** Whether a process that ended by itself says, at the end of its stderr, that it got no more memory. */
export const gotNoMemory = (tail: string): boolean => gaveUp.test(tail);
