/** Commands under a word of their own, such as `schedules preview`. */
import { overlaps } from '../src/contract/schedule.ts';
import { accessGroups } from './access-groups.ts';
import { backfillCommands } from './backfill-commands.ts';
import { type CommandGroup, inputs, whole } from './commands.ts';

const PREVIEW_MAX = 10_000;
const zone = ['-z, --zone <name>', 'time zone, such as Europe/Berlin; default: UTC'] as const;

const count = whole(1, PREVIEW_MAX);

const many = (value: string, before: unknown): string[] => [
  ...(Array.isArray(before) ? before : []),
  value,
];

const dst = [
  '--dst <policy>',
  'times that clocks leave out or bring twice: once (default), skip, both',
] as const;
const exclude = [
  '--exclude <day>',
  '2026-12-25, 2026-12-24..2027-01-02, 12-25 or sat; may come often',
  many,
] as const;

const schedules: CommandGroup = {
  name: 'schedules',
  summary: 'runs that start by the clock',
  commands: [
    {
      usage: 'ls',
      summary: 'list schedules',
      on: 'server',
      options: [
        ['--state <state>', 'only those in this state: active, paused, stopped, done'],
        ['--limit <n>', 'how many; default: 50', count],
        ['--after <cursor>', 'go on after a page'],
      ],
      load: async () => (await import('./commands/schedules.ts')).ls,
    },
    {
      usage: 'create <file>',
      summary: 'start runs of a workflow file by the clock',
      on: 'server',
      options: [
        ...inputs,
        ['--name <name>', 'default: the name of the workflow'],
        [
          '--when <expression>',
          'cron, a macro, "every 15m", or an instant; default: as the file says',
        ],
        zone,
        dst,
        exclude,
        ['--start <time>', 'nothing is due before'],
        ['--end <time>', 'nothing is due then or later'],
        ['--jitter <time>', 'each run starts up to so much later, by chance'],
        ['--overlap <policy>', `when a run is still open: ${overlaps.join(', ')}; default: allow`],
        ['--catch-up <policy>', 'starts that were missed: none, last, all; default: last'],
        ['--catch-up-window <time>', 'those of this last while'],
        ['--catch-up-per-minute <n>', 'no faster than that', count],
        ['--stop-after-failures <n>', 'so many in a row stop it', count],
        ['--slot-input <field>', 'the field of the input that gets the time'],
        ['--paused', 'make it, and start nothing before it is resumed'],
        ['--replace', 'change the one of this name'],
      ],
      load: async () => (await import('./commands/schedules.ts')).create,
    },
    {
      usage: 'show <name>',
      summary: 'show a schedule, what it did and what is next',
      on: 'server',
      load: async () => (await import('./commands/schedules.ts')).show,
    },
    {
      usage: 'pause <name>',
      summary: 'start nothing more',
      on: 'server',
      load: async () => (await import('./commands/schedules.ts')).pause,
    },
    {
      usage: 'resume <name>',
      summary: 'go on from now on, also after it stopped itself',
      on: 'server',
      load: async () => (await import('./commands/schedules.ts')).resume,
    },
    {
      usage: 'run <name>',
      summary: 'start one run now, and print its id',
      on: 'server',
      load: async () => (await import('./commands/schedules.ts')).run,
    },
    ...backfillCommands,
    {
      usage: 'rm <name>',
      summary: 'remove a schedule; its runs go on',
      on: 'server',
      load: async () => (await import('./commands/schedules.ts')).rm,
    },
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
        exclude,
        ['--stdin', 'answer JSON lines {expression, zone, from, n} with {fires} or {error}'],
      ],
      help: 'EXPRESSION is cron of five fields, or six with seconds first, a macro such as @daily, "every 15m", or an instant.',
      load: async () => (await import('./commands/preview.ts')).act,
    },
  ],
};

export const groups: readonly CommandGroup[] = [schedules, ...accessGroups];
