import type { CommandRow } from './command-row.ts';
import { whole } from './option-values.ts';

export const limitCommands: readonly CommandRow[] = [
  {
    usage: 'limits [name]',
    summary: 'list limits key by key: the bound, who holds it, how many wait',
    on: 'server',
    options: [
      ['--limit <n>', 'how many; default: 50', whole(1, 1000)],
      ['--after <cursor>', 'go on after a page'],
    ],
    load: async () => (await import('./commands/limits.ts')).ls,
  },
  {
    usage: 'limit <name>',
    summary: 'set a limit that workflows share, or remove it',
    on: 'server',
    options: [
      ['--max <n>', 'at once, for each value of a key', whole(1, 1000)],
      ['--sum <n>', 'at once, all values together', whole(1, 1000)],
      ['--rate <rate>', 'how often: 10/s, 100/5m'],
      ['--burst <n>', 'how many of the rate together; default: 1', whole(1, 1_000_000)],
      ['--remove', 'tasks that name it fail until it is set again'],
    ],
    load: async () => (await import('./commands/limits.ts')).set,
  },
];
