/** The table of commands. */
import { InvalidArgumentError } from 'commander';
import type { Act } from './command.ts';

type OptionRow = readonly [
  flags: string,
  description: string,
  parse?: (value: string, before: unknown) => unknown,
];

/** Commands under one word. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly CommandRow[];
}

export interface CommandRow {
  /** In commander's form: name, `<required>`, `[optional]`, `<many...>`. */
  readonly usage: string;
  readonly summary: string;
  readonly options?: readonly OptionRow[];
  readonly help?: string;
  /** What it works with: a server that somebody named or the one of a data folder, only the folder, or neither. */
  readonly on: 'server' | 'folder' | 'files';
  readonly load: () => Promise<Act>;
}

/** Reads an option that is a whole number. */
export const whole =
  (min: number, max: number) =>
  (value: string): number => {
    const n = Number(value);
    if (/^\d+$/.test(value) && n >= min && n <= max) return n;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };

const positive = (value: string): number => {
  const n = Number(value);
  if (value.trim() !== '' && Number.isFinite(n) && n > 0) return n;
  throw new InvalidArgumentError('Expected a number above 0.');
};

const many = (value: string, before: unknown): string[] => [
  ...(Array.isArray(before) ? before : []),
  value,
];

/** A date, or a date and a time. */
const moment = (value: string): number => {
  const at = Date.parse(value);
  if (/^\d{4}-/.test(value) && !Number.isNaN(at)) return at;
  throw new InvalidArgumentError('Expected a time such as 2026-01-31 or 2026-01-31T12:00Z.');
};

const SLOTS_MAX = 10_000;
export const inputs: readonly OptionRow[] = [
  ['--input <name=value>', 'a field of the input; JSON or text; may come often', many],
  ['--input-file <file>', 'the input, as YAML or JSON'],
  [
    '--resources <task=amounts>',
    'what a task is to have, such as train=cpu:4,memory:8GB; may come often',
    many,
  ],
  ['--tag <tag>', 'a tag of the run; may come often', many],
  ['--no-code', 'the tasks need no file of the folder that the workflow is in'],
];
const slots: OptionRow = ['--slots <n>', 'how many tasks run at once', whole(1, SLOTS_MAX)];
const keep: OptionRow = [
  '--keep <days>',
  'remove runs that ended so long ago; default: none',
  whole(1, 36_500),
];
const port: OptionRow = ['--port <n>', 'default: 7420, or the next free one', whole(0, 65_535)];
const host: OptionRow = [
  '--host <address>',
  'where it listens, such as 0.0.0.0; default: this machine alone',
];
const events: OptionRow = [
  '--events <file>',
  'write each start, success and failure as a JSON line',
];

export const commands: readonly CommandRow[] = [
  {
    usage: 'init [dir]',
    summary: 'write a small workflow that works',
    on: 'files',
    load: async () => (await import('./commands/init.ts')).act,
  },
  {
    usage: 'run <file>',
    summary: 'run a workflow file and show it until it ends',
    on: 'server',
    options: [
      ...inputs,
      slots,
      events,
      ['--detach', 'only hand it to the server that holds the data folder, and print its id'],
    ],
    help: 'Ctrl-C cancels the run; if a server has it, Ctrl-C only lets go of it. A second one leaves at once.',
    load: async () => (await import('./commands/run.ts')).act,
  },
  {
    usage: 'lint <files...>',
    summary: 'check workflow files',
    on: 'files',
    load: async () => (await import('./commands/lint.ts')).act,
  },
  {
    usage: 'submit <file>',
    summary: 'hand a workflow file to a server, and print the id of the run',
    on: 'server',
    options: inputs,
    load: async () => (await import('./commands/submit.ts')).act,
  },
  {
    usage: 'push <path>',
    summary: 'make a folder, a file or a zip a version of a package',
    on: 'server',
    options: [['--name <name>', 'of the package; default: that of the path']],
    help: 'Tasks use it by `code: NAME`, or `code: NAME@DIGEST`. A run keeps the version it was submitted with.',
    load: async () => (await import('./commands/push.ts')).act,
  },
  {
    usage: 'packages [name]',
    summary: 'list packages, or the versions of one',
    on: 'server',
    options: [
      ['--limit <n>', 'how many; default: 100', whole(1, 1000)],
      ['--after <name>', 'go on after a page'],
    ],
    load: async () => (await import('./commands/packages.ts')).act,
  },
  {
    usage: 'artifacts [run] [task]',
    summary: 'list the files that tasks have left, or fetch them',
    on: 'server',
    options: [['--out <dir>', 'fetch them into this folder, as TASK/PATH']],
    load: async () => (await import('./commands/artifacts.ts')).act,
  },
  {
    usage: 'ls',
    summary: 'list runs, newest first',
    on: 'server',
    options: [
      ['--state <state>', 'only runs in this state'],
      ['--workflow <name>', 'only runs of this workflow'],
      ['--since <time>', 'only runs created then or later, such as 2026-01-31', moment],
      ['--until <time>', 'only runs created before', moment],
      ['--limit <n>', 'how many; default: 20', whole(1, 1000)],
      ['--after <cursor>', 'go on after a page'],
    ],
    load: async () => (await import('./commands/ls.ts')).act,
  },
  {
    usage: 'show <run> [task]',
    summary: 'show a run, or one of its tasks',
    on: 'server',
    options: [
      ['--tasks [state]', 'list tasks, all or those in one state'],
      ['--all', 'a line for each task of a level, however many they are'],
    ],
    load: async () => (await import('./commands/show.ts')).act,
  },
  {
    usage: 'watch <run>',
    summary: 'show a run until it ends; leave with its exit code',
    on: 'server',
    options: [events],
    help: 'With --json the events of the run are printed, one a line.',
    load: async () => (await import('./commands/watch.ts')).act,
  },
  {
    usage: 'logs <run> [task]',
    summary: 'print what tasks printed',
    on: 'server',
    options: [
      ['-f, --follow', 'go on until the run has ended'],
      ['--attempt <n>', 'only of this attempt', whole(1, 1_000_000)],
    ],
    load: async () => (await import('./commands/logs.ts')).act,
  },
  {
    usage: 'cancel <run>',
    summary: 'cancel a run, for good',
    on: 'server',
    options: [['--reason <text>', 'is kept with the run']],
    load: async () => (await import('./commands/control.ts')).cancel,
  },
  {
    usage: 'pause <run>',
    summary: 'start no further task of a run',
    on: 'server',
    load: async () => (await import('./commands/control.ts')).pause,
  },
  {
    usage: 'resume <run>',
    summary: 'go on with a paused run',
    on: 'server',
    load: async () => (await import('./commands/control.ts')).resume,
  },
  {
    usage: 'rerun <run>',
    summary: 'run again what did not succeed, and what needs it',
    on: 'server',
    options: [['--task <id>', 'this task instead; may come often', many]],
    load: async () => (await import('./commands/control.ts')).rerun,
  },
  {
    usage: 'serve',
    summary: 'serve the HTTP API, and go on with runs that have not ended',
    on: 'folder',
    options: [port, host, slots, keep],
    help: 'Who is on another machine signs in: make an account first, by `users add`, or FANFOLD_ADMIN_NAME and FANFOLD_ADMIN_PASSWORD.',
    load: async () => (await import('./commands/serve.ts')).act,
  },
  {
    usage: 'start',
    summary: 'run the example, show it, and stay up to serve',
    on: 'folder',
    options: [['--once', 'leave when the example has ended'], port, slots],
    load: async () => (await import('./commands/start.ts')).act,
  },
  {
    usage: 'link',
    summary: 'print an address that signs a browser in, once',
    on: 'server',
    load: async () => (await import('./commands/sign-in.ts')).link,
  },
  {
    usage: 'login',
    summary: 'sign in to a server',
    on: 'server',
    options: [
      ['--user <name>', 'default: the name you have on this machine'],
      ['--as <profile>', 'a name for the server, to be given as --profile'],
    ],
    help: 'The password is read from the terminal, or from stdin.',
    load: async () => (await import('./commands/sign-in.ts')).login,
  },
  {
    usage: 'logout',
    summary: 'sign out of a server',
    on: 'server',
    options: [['--everywhere', 'end all sign-ins and keys of the account']],
    load: async () => (await import('./commands/sign-in.ts')).logout,
  },
  {
    usage: 'whoami',
    summary: 'show who a server takes you for',
    on: 'server',
    load: async () => (await import('./commands/sign-in.ts')).whoami,
  },
  {
    usage: 'import <format> <file>',
    summary: 'make a workflow from another system’s file; format: wfcommons',
    options: [
      [
        '--scale <s>',
        'tasks sleep for their recorded time multiplied by this; default: 1',
        positive,
      ],
      ['--out <file>', 'write it there; default: stdout'],
    ],
    on: 'files',
    load: async () => (await import('./commands/import.ts')).act,
  },
];
