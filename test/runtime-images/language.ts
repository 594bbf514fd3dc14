import { spawnSync } from 'node:child_process';
import type { Run } from '../../src/contract/workflow.ts';

/** The tasks that each language's fixture has, under these names, in each way it can be called. */
export const fixtureTasks = [
  'echo', // gives its input
  'whoami', // [run, workflow, id, attempt]
  'fail', // fails with the message `bad <input.n>`
  'big', // a text of `input.bytes` x
  'characters', // a text of the first 256 code points; prints the bytes 0 to 255 before
  'speak', // prints `line 0` to `line <input.lines - 1>`, then one line `oops` to stderr, then `end` without line end
  'progress', // is at step `loading`, 0.4 of all; says two beats or more until it is to stop
  'spawn', // asks for `input.n` sub-tasks: key `part-<i>`, input `{"n": i}`; the last one detached
  'wait', // prints `waiting`, waits until it is to stop, then prints `told`
  'linger', // waits until the file `input.until` is there, gives `done`
  'stubborn', // neither ends nor heeds anything
  'pid', // the process id
  'crash', // kills its process by SIGKILL where `input.crash` is true, else gives its input
  'grow', // takes memory until there is none
  'once', // prints `effect` and gives its input, once under the key `effect`; what it gave then, after that
  'scratch', // writes a temporary file, and gives its path
] as const;
export type FixtureTask = (typeof fixtureTasks)[number];

/** `program`: run by an interpreter. `function`: called in a warm process. `binary`: a compiled program. */
export const ways = ['program', 'function', 'binary'] as const;
export type Way = (typeof ways)[number];

/** What a language may be unable to do; all else is asked of each. */
export type Ability = 'stack' | 'error-name' | 'side-by-side' | 'once';

/** What the suite is told of a language. */
export interface Language {
  readonly name: string;
  /** What the machine lacks to try it; undefined when all is there. */
  readonly missing: () => string | undefined;
  /** Puts into the folder what its tasks need: compiles, or copies. Called once. `fast`: to be measured. */
  readonly build: (folder: string, fast?: boolean) => void;
  /** How a fixture task is run, in each way that it has; paths are relative to the folder. */
  readonly run: Readonly<Partial<Record<Way, (task: FixtureTask, concurrency?: number) => Run>>>;
  /** Why it lacks a way or an ability. */
  readonly cannot?: Readonly<Partial<Record<Way | Ability, string>>>;
  /** What `grow` needs in its environment to come to an end within some 100 MB. */
  readonly memoryEnv?: Readonly<Record<string, string>>;
  /** The name of the error that `fail` throws. */
  readonly errorName?: string;
}

/** Says what is missing of some programs, which must answer to these arguments. */
export function lacks(
  ...commands: readonly (readonly [string, ...string[]])[]
): string | undefined {
  const gone = commands.filter(([file, ...args]) => spawnSync(file, args).status !== 0);
  return gone.length === 0 ? undefined : `${gone.map(([file]) => file).join(', ')} not found`;
}

/** Runs a step of a build; what it said is in the error when it fails. */
export function step(cwd: string, argv: readonly string[], env: Record<string, string> = {}): void {
  const [file = '', ...args] = argv;
  const result = spawnSync(file, args, { cwd, env: { ...process.env, ...env }, encoding: 'utf8' });
  if (result.status === 0) return;
  throw new Error(`${argv.join(' ')}: ${result.error?.message ?? result.stdout + result.stderr}`);
}
