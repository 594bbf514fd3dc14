import type { RunSummary } from '../src/contract/api.ts';
import type { ProblemCode } from '../src/contract/problem.ts';

/** What the command line's exit codes mean. */
export const exitCodes = {
  succeeded: 0,
  failed: 1,
  /** A bad input, file, name or option. */
  invalid: 2,
  cancelled: 3,
  timedOut: 124,
  interrupted: 130,
} as const;

/** Why a run failed whose time was over, as the engine says it. */
const TIME_LIMIT = /^time-limit\b/;

export function exitCodeOfRun(run: Pick<RunSummary, 'state' | 'reason'>): number {
  if (run.state === 'succeeded') return exitCodes.succeeded;
  if (TIME_LIMIT.test(run.reason ?? '')) return exitCodes.timedOut;
  return run.state === 'cancelled' ? exitCodes.cancelled : exitCodes.failed;
}

const ofTheCaller: ReadonlySet<ProblemCode> = new Set([
  'input-invalid',
  'workflow-invalid',
  'schedule-invalid',
  'body-invalid',
  'body-too-large',
  'file-unreadable',
  'code-invalid',
  'code-unknown',
  'run-unknown',
  'task-unknown',
  'workflow-unknown',
  'schedule-unknown',
  'schedule-exists',
  'run-exists',
  'key-reused',
  'account-invalid',
  'account-unknown',
  'key-unknown',
]);

export const exitCodeOfProblem = (code: ProblemCode): number =>
  ofTheCaller.has(code) ? exitCodes.invalid : exitCodes.failed;
