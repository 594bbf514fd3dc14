import type {
  AttemptError,
  AttemptResult,
  Execution,
  ExecutionSpec,
  OnceAnswer,
  SpawnRequest,
} from '../contract/execution.ts';
import type { Json } from '../contract/json.ts';

/** Why we stop an attempt that runs. */
export type StopReason = 'cancelled' | 'released' | 'sibling' | LimitReason;
type LimitReason = 'time-limit' | 'heartbeat' | 'memory' | 'disk';

/** What runs an attempt: a launcher, a warm process, or the steps it consists of. */
export interface Host {
  stop(attempt: Attempt, graceMs: number): void;
  /** Tells it what it has asked for under this number. Steps are asked for themselves. */
  answer?(attempt: Attempt, ask: number, answer: OnceAnswer): void;
  /** The process that runs all of its attempts, or else that of one of them, once it is known. */
  readonly pid?: number | undefined;
  pidOf?(attempt: Attempt): number | undefined;
}

/** How a run came out, before it is known why. */
export interface Ending {
  readonly startedAt: number;
  readonly endedAt: number;
  /** It surely did not begin. */
  readonly released?: boolean;
  readonly output?: Json;
  readonly error?: AttemptError;
  readonly cpuSeconds?: number | undefined;
  readonly memoryMb?: number | undefined;
}

/** The last sign of life, and what of it is still to be told. */
export interface Pulse {
  at: number;
  step?: string;
  stepAt?: number;
  progress?: number;
  toldAt: number;
}

/** One attempt under way, or one step of it: then `root` is the attempt. */
export class Attempt {
  readonly id: number;
  readonly execution: Execution;
  readonly spec: ExecutionSpec;
  readonly input: Json;
  readonly root: Attempt;
  /** Epoch ms; 0 while it has not begun. */
  startedAt = 0;
  toldStart = false;
  stopping: StopReason | undefined = undefined;
  /** When a warm process that still runs it is killed. */
  killAt = 0;
  /** Its share of the work that waits in a warm process, in ms. */
  costMs = 0;
  host: Host | undefined = undefined;
  pulse: Pulse | undefined = undefined;
  spawns: SpawnRequest[] | undefined = undefined;
  spawnCount = 0;
  logBytes = 0;
  /** As last measured, where there is a limit; all steps together. */
  memoryMb = 0;
  diskMb = 0;
  /** Set for the steps of a sequence or tandem: they share a folder and have a number each. */
  place: { readonly folder: string; readonly step: number } | undefined = undefined;
  onEnd: ((attempt: Attempt, ending: Ending) => void) | undefined = undefined;

  constructor(
    id: number,
    execution: Execution,
    spec: ExecutionSpec,
    input: Json,
    root: Attempt | undefined,
  ) {
    this.id = id;
    this.execution = execution;
    this.spec = spec;
    this.input = input;
    this.root = root ?? this;
  }

  /** What its processes have now; those of a step count for the attempt. */
  takesMemory(mb: number): void {
    if (this.root !== this) this.root.memoryMb += mb - this.memoryMb;
    this.memoryMb = mb;
  }
}

const DEFAULT_GRACE_MS = 5000;

export function graceOf(spec: ExecutionSpec): number {
  return spec.limits?.graceMs ?? DEFAULT_GRACE_MS;
}

const took = (mb: number, what: string, most: number | undefined): string =>
  `took ${Math.ceil(mb)} MB of ${what}, and asked for ${most} MB`;

const limitMessages: Readonly<Record<LimitReason, (attempt: Attempt) => string>> = {
  'time-limit': ({ spec }) => `ran longer than its limit of ${spec.limits?.runMs} ms`,
  heartbeat: ({ spec }) => `gave no heartbeat for ${spec.limits?.heartbeatMs} ms`,
  memory: ({ memoryMb, spec }) => took(memoryMb, 'memory', spec.resources?.memoryMb),
  disk: ({ diskMb, spec }) => took(diskMb, 'disk', spec.resources?.diskMb),
};

const isLimit = (reason: StopReason | undefined): reason is LimitReason =>
  reason !== undefined && reason in limitMessages;

/** Whoever may not begin twice is not begun again after that. */
const stoppedAtWork: AttemptError = { reason: 'lost', message: 'its runner was stopped' };

/** What the agent is told: why we stopped it comes before how its process came out. */
export function resultOf(attempt: Attempt, ending: Ending): AttemptResult {
  const { stopping } = attempt;
  const failure = isLimit(stopping)
    ? { reason: stopping, message: limitMessages[stopping](attempt) }
    : ending.error;
  const outcome = outcomeOf(stopping, ending, failure);
  const error = outcome === 'released' && ending.released !== true ? stoppedAtWork : failure;
  const result: { -readonly [K in keyof AttemptResult]: AttemptResult[K] } = {
    key: attempt.execution.key,
    outcome,
    startedAt: ending.startedAt,
    endedAt: ending.endedAt,
  };
  if (result.outcome === 'succeeded') result.output = ending.output ?? null;
  if ((outcome === 'failed' || outcome === 'released') && error !== undefined) result.error = error;
  if (ending.cpuSeconds !== undefined) result.cpuSeconds = ending.cpuSeconds;
  if (ending.memoryMb !== undefined) result.memoryMb = ending.memoryMb;
  if (attempt.spawns !== undefined) result.spawns = attempt.spawns;
  return result;
}

function outcomeOf(
  stopping: StopReason | undefined,
  ending: Ending,
  failure: AttemptError | undefined,
): AttemptResult['outcome'] {
  if (stopping === 'cancelled' || stopping === 'sibling') return 'cancelled';
  if (stopping === 'released') return 'released';
  if (ending.released === true && stopping === undefined) return 'released';
  return failure === undefined ? 'succeeded' : 'failed';
}
