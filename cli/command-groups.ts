/** Commands under a word of their own, such as `schedules preview`. */
import { InvalidArgumentError } from 'commander';
import type { CommandGroup } from './commands.ts';

const PREVIEW_MAX = 10_000;
const zone = ['-z, --zone <name>', 'time zone, such as Europe/Berlin; default: UTC'] as const;

const count = (value: string): number => {
  const n = Number(value);
  if (/^\d+$/.test(value) && n >= 1 && n <= PREVIEW_MAX) return n;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${PREVIEW_MAX}.`);
};

const many = (value: string, before: unknown): string[] => [
  ...(Array.isArray(before) ? before : []),
  value,
];

const schedules: CommandGroup = {
  name: 'schedules',
  summary: 'runs that start by the clock',
  commands: [
    {
      usage: 'preview [expression]',
      summary: 'show when an expression comes next',
      on: 'files',
      options: [
        zone,
        ['--from <time>', 'after this instant; without offset it is one of the zone; default: now'],
        ['-n, --count <n>', 'how many; default: 10', count],
        [
          '--dst <policy>',
          'times that clocks leave out or bring twice: once (default), skip, both',
        ],
        [
          '--exclude <day>',
          '2026-12-25, 2026-12-24..2027-01-02, 12-25 or sat; may come often',
          many,
        ],
        ['--stdin', 'answer JSON lines {expression, zone, from, n} with {fires} or {error}'],
      ],
      help: 'EXPRESSION is cron of five fields, or six with seconds first, a macro such as @daily, "every 15m", or an instant.',
      load: async () => (await import('./commands/preview.ts')).act,
    },
  ],
};

export const groups: readonly CommandGroup[] = [schedules];
