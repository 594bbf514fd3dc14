/**
 * The canonical definition of a workflow: what YAML, JSON and the TypeScript builder all become, what is hashed,
 * stored and run. Lengths of time are milliseconds. A field that has its default value is left out, so that one
 * meaning has one text and one hash.
 */
import * as z from 'zod';
import type { Json } from './json.ts';
import { functionLanguages, languages, snippetLanguages } from './language.ts';
import { Resources } from './resources.ts';

/** A task's or workflow's name: begins with a letter, digit or `_`; no blanks, slashes, brackets or control characters. */
export const namePattern = /^(?!__proto__$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
export const Name = z.string().regex(namePattern);

const AnyJson: z.ZodType<Json> = z.lazy(() =>
  z.union([
    z.null(),
    z.boolean(),
    z.number(),
    z.string(),
    z.array(AnyJson),
    z.record(z.string(), AnyJson),
  ]),
);

const Language = z.enum(languages);

/**
 * Languages whose functions are called in warm processes. `binary`: the file is a program that was compiled with one of
 * the SDKs, and is its own warm process.
 */
const FunctionLanguage = z.enum(functionLanguages);

/** How many invocations one warm process runs at a time; more than 1 only for code that waits more than it computes. */
const Concurrency = z.int().min(1).max(10_000);

export interface SequenceRun {
  readonly kind: 'sequence';
  readonly steps: readonly Step[];
}
export interface TandemRun {
  readonly kind: 'tandem';
  readonly steps: readonly Step[];
}
/** A part of a `sequence` or `tandem` task. In a sequence, a step without `with` gets the output of the step before. */
export interface Step {
  readonly name?: string | undefined;
  readonly run: Run;
  readonly with?: Json | undefined;
}

export const PlainRun = z.discriminatedUnion('kind', [
  /** Does nothing: a point where needs meet. The decider ends it itself, no runner sees it. */
  z.strictObject({ kind: z.literal('none') }),
  /** An executable with its arguments; no shell in between. */
  z.strictObject({ kind: z.literal('command'), argv: z.array(z.string()).min(1) }),
  /** A line for `sh -c`. */
  z.strictObject({ kind: z.literal('shell'), line: z.string().min(1) }),
  /** A file that is run as a program by its language's interpreter. Paths are relative to the code's folder. */
  z.strictObject({
    kind: z.literal('script'),
    language: Language,
    path: z.string().min(1),
    args: z.array(z.string()).optional(),
  }),
  /** A function in a file, called in a warm process of its language, or in a program. */
  z.strictObject({
    kind: z.literal('function'),
    language: FunctionLanguage,
    path: z.string().min(1),
    name: z.string().min(1),
    concurrency: Concurrency.optional(),
  }),
  /** Code in the definition itself. `node` and `python`: the body of a function of `input` and `task`, run warm. */
  z.strictObject({
    kind: z.literal('snippet'),
    language: z.enum(snippetLanguages),
    code: z.string().min(1),
    concurrency: Concurrency.optional(),
  }),
]);
export type PlainRun = z.infer<typeof PlainRun>;
export type Run = PlainRun | SequenceRun | TandemRun;

export const Run: z.ZodType<Run> = z.lazy(() =>
  z.union([
    PlainRun,
    z.strictObject({ kind: z.literal('sequence'), steps: z.array(Step).min(1) }),
    z.strictObject({ kind: z.literal('tandem'), steps: z.array(Step).min(1) }),
  ]),
);
export const Step: z.ZodType<Step> = z.lazy(() =>
  z.strictObject({ name: Name.optional(), run: Run, with: AnyJson.optional() }),
);

/**
 * When a task may start, from the outcomes of its needs. `always` and `all-done` wait for every need to end;
 * `always` runs also in a cancelled run. What can no longer be met skips the task.
 */
export const namedRules = [
  'all-succeeded',
  'all-failed',
  'all-done',
  'all-skipped',
  'any-succeeded',
  'any-failed',
  'any-done',
  'none-failed',
  'none-failed-any-succeeded',
  'none-skipped',
  'always',
] as const;
export const Rule = z.union([
  z.enum(namedRules),
  z.strictObject({ atLeast: z.int().min(1) }),
  z.strictObject({ atLeastPercent: z.number().gt(0).max(100) }),
]);
export type Rule = z.infer<typeof Rule>;

const Ms = z
  .int()
  .min(0)
  .max(366 * 86_400_000);

/** Which delay follows attempt n (n = 1 is the first): exponential `min * factor^(n-1)`, linear `min * n`, fixed `min`. */
export const Backoff = z.strictObject({
  shape: z.enum(['exponential', 'linear', 'fixed', 'list']).optional(), // default: exponential
  delayMsMin: Ms.optional(), // default: 1 s
  delayMsMax: Ms.optional(), // default: 5 min
  factor: z.number().min(1).max(100).optional(), // default: 2
  delaysMs: z.array(Ms).min(1).max(100).optional(), // of shape `list`; the last one repeats
  jitter: z.enum(['full', 'none']).optional(), // default: full, uniform in [0, delay)
});
export type Backoff = z.infer<typeof Backoff>;

/** What a failed attempt is told apart by. Fields that are given must all match; of a list, one must. */
export const ErrorMatch = z.strictObject({
  exitCodes: z.array(z.int().min(0).max(255)).min(1).optional(),
  /** Names of errors, as the language gives them (`TimeoutError`, `ValueError`); `*` stands for any characters. */
  errors: z.array(z.string().min(1)).min(1).optional(),
  /** Reasons of our own: see `failureReasons`. */
  reasons: z.array(z.string().min(1)).min(1).optional(),
});
export const ErrorPolicy = z.strictObject({
  match: ErrorMatch,
  /** `fail`: no further attempt. `retry`: by this policy's numbers, else by the task's. */
  action: z.enum(['retry', 'fail']),
  attemptsMax: z.int().min(1).max(10_000).optional(),
  backoff: Backoff.optional(),
});
export type ErrorPolicy = z.infer<typeof ErrorPolicy>;

export const Retry = z.strictObject({
  /** The first attempt included. Default: 1, so no retry. */
  attemptsMax: z.int().min(1).max(10_000).optional(),
  backoff: Backoff.optional(),
  /** From the first attempt's start; when it is over, no further attempt. */
  totalMs: Ms.optional(),
  /** The first policy that matches an error is taken. */
  policies: z.array(ErrorPolicy).max(100).optional(),
});
export type Retry = z.infer<typeof Retry>;

/** Why an attempt failed, where it was not the task's own code that said so. */
export const failureReasons = [
  'exit', // ended with an exit code other than 0, or by a signal of its own
  'error', // a function threw
  'time-limit',
  'queue-limit', // waited longer in the queue than allowed
  'heartbeat', // no heartbeat within heartbeatMs: frozen
  'lost', // its runner died
  'memory', // killed for want of memory, or for taking more than its `resources`
  'disk', // killed for taking more of the disk than its `resources`
  'start', // could not be started: interpreter or file missing
  'dependencies', // what its code needs could not be installed
  'input', // its input could not be computed
  'artifacts', // what it left cannot be kept, or what it needs of others' is not there
  'output', // its output could not be read or is too large
  'spawn', // a sub-task was refused
  'children', // its own work was done, but a sub-task failed
] as const;
export type FailureReason = (typeof failureReasons)[number];

export const Limits = z.strictObject({
  /** One attempt's run time; then TERM, then after `graceMs` KILL. */
  runMs: Ms.optional(),
  graceMs: Ms.optional(), // default: 5 s
  /** From being sent to being claimed. */
  queueMs: Ms.optional(),
  /** Installing what its code needs, before its run time begins. */
  installMs: Ms.optional(), // default: 15 min
  /** The longest silence between two heartbeats of the task's own code; an attempt that is silent longer is killed. */
  heartbeatMs: Ms.optional(),
});
export type Limits = z.infer<typeof Limits>;

/**
 * `claimed`: an attempt is started at most once; a lost one is followed by the next attempt.
 * `at-least-once`: no claim is written; an attempt may run twice, its first report counts.
 * `at-most-once`: claimed, and never another attempt: lost means failed.
 */
export const deliveries = ['claimed', 'at-least-once', 'at-most-once'] as const;
export const Delivery = z.enum(deliveries);
export type Delivery = z.infer<typeof Delivery>;

export const Task = z.strictObject({
  id: Name,
  needs: z.array(Name).optional(), // sorted, each once; default: none
  rule: Rule.optional(), // default: all-succeeded
  run: Run,
  /** The task's input: JSON in which strings may hold `${{ … }}` references. Default: {}. */
  with: AnyJson.optional(),
  /**
   * Makes the task a map: one sub-task for each element of a list. One entry for each level of nesting: a list, or a
   * reference to one; an inner level is computed for each element of the outer.
   */
  each: z.array(AnyJson).min(1).max(8).optional(),
  pool: Name.optional(), // default: `default`
  retry: Retry.optional(),
  /** Why its pool is not the one that its author chose. Never the author's own. */
  placed: z.string().optional(),
  limits: Limits.optional(),
  resources: Resources.optional(), // default: whatever is there
  delivery: Delivery.optional(), // default: claimed
  onLost: z.enum(['retry', 'fail']).optional(), // default: retry
  /** How many lost attempts are followed by another. Default: 10. */
  lostMax: z.int().min(0).max(10_000).optional(),
  /** A failure of this task does not make the run fail. Default: false. */
  mayFail: z.boolean().optional(),
  /** Its own code, in place of the run's: a path on the disk of who submits, or a package (`contract/code.ts`). */
  code: z.string().min(1).max(1024).optional(),
  /** Whether what the manifests in its code list is installed. Default: auto where `code` is given, else off. */
  dependencies: z.enum(['auto', 'off']).optional(),
  /** Files that an attempt leaves in `$TASK_ARTIFACTS` are kept, and given to the tasks that need it. Default: false. */
  artifacts: z.boolean().optional(),
  /** Environment variables for the task's process. */
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).optional(),
  description: z.string().optional(),
});
export type Task = z.infer<typeof Task>;

export const InputField = z.strictObject({
  type: z.enum(['string', 'number', 'integer', 'boolean', 'list', 'map', 'any']),
  default: AnyJson.optional(),
  description: z.string().optional(),
});
export type InputField = z.infer<typeof InputField>;

export const Workflow = z.strictObject({
  name: Name,
  description: z.string().optional(),
  /** What a run may be given. A field without a default must be given; one that is not named here is refused. */
  input: z.record(Name, InputField).optional(), // absent: anything goes
  /** The whole run's time; when it is over, the run is cancelled with that reason and fails. */
  timeLimitMs: Ms.optional(),
  /** Sorted by id. */
  tasks: z.array(Task).min(1),
});
export type Workflow = z.infer<typeof Workflow>;

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal');

/** A run's files as an archive (tar, gzip) among the blobs, of `size` bytes. */
export const CodeArchive = z.strictObject({ blob: Sha256, size: z.int().min(1) });
export type CodeArchive = z.infer<typeof CodeArchive>;

/** A run's files in a folder of the machine that the runners are on. */
export const CodeFolder = z.strictObject({ folder: z.string().min(1) });

/** Where a run's files are: there the paths of its scripts and functions begin, and its programs start. */
export const Code = z.union([CodeFolder, CodeArchive], 'expected a folder, or a blob and its size');
export type Code = z.infer<typeof Code>;

/** What the texts stand for that tasks name their own code by. Packages need not be there: they are looked up. */
export const Codes = z
  .record(z.string().min(1).max(1024), Code)
  .refine((codes) => Object.keys(codes).length <= 100, 'expected at most 100 different codes');
export type Codes = z.infer<typeof Codes>;
