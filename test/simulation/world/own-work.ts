import type { AttemptError } from '../../../src/contract/execution.ts';
import type { ErrorPolicy, Task } from '../../../src/contract/workflow.ts';
import type { Fate, Fates } from './fates.ts';

/** `doomed`: skipped because something above it failed; seen as `skipped`. */
export type Verdict = 'succeeded' | 'failed' | 'skipped' | 'doomed';

export interface Circumstances {
  /** How many attempts at one task may be lost because runners die or stand still; 0: they do not. */
  readonly lossesMax: number;
  /** How many attempts at one task may be handed back, in a drain or since the run is paused. Default: 0. */
  readonly releasesMax?: number;
}

/**
 * The verdicts that a task's own work may come to, in every way that attempts may end, be lost or be handed back: from its
 * attempt number `first` on, with no tries before.
 */
export function ownVerdicts(
  id: string,
  task: Task,
  fates: Fates,
  circumstances: Circumstances,
  first = 1,
): ReadonlySet<Verdict> {
  const verdicts = new Set<Verdict>();
  const seen = new Set<number>();
  const work: Tries[] = [{ attempt: first, tries: 0, lost: 0 }];
  for (let at = work.pop(); at !== undefined; at = work.pop()) {
    const name = (at.attempt * 1_000 + at.tries) * 1_000 + at.lost;
    if (seen.has(name)) continue;
    seen.add(name);
    const released = at.attempt - first - at.tries - at.lost;
    const fate = fates.of(id, at.attempt, task);
    for (const end of endsOf(task, fate, { ...at, released }, circumstances)) {
      const after = afterEnd(task, end, at);
      for (const verdict of after.verdicts) verdicts.add(verdict);
      if (after.next) work.push(after.next);
    }
  }
  return verdicts;
}

function endsOf(
  task: Task,
  fate: Fate,
  { lost, released }: Tries & { readonly released: number },
  { lossesMax, releasesMax = 0 }: Circumstances,
): readonly End[] {
  const ends: End[] = released < releasesMax ? ['released'] : [];
  if (mayBeEarly(task) && released < releasesMax + earlyMax(lossesMax, fate)) ends.push('early');
  if (fate.end === 'kills') return [...ends, 'lost'];
  ends.push(ownEnd(task, fate));
  if (task.limits?.queueMs !== undefined) ends.push({ reason: 'queue-limit', message: '' });
  if (lost < lossesMax || fate.zombieMs > 0) ends.push('lost');
  return ends;
}

/**
 * `early`: its runner went on with it from the attempt before, and died before that was known to have succeeded. Then it
 * was not its turn, and it counts as no loss.
 */
type End = 'succeeded' | 'lost' | 'early' | 'released' | AttemptError;

const mayBeEarly = ({ needs = [], delivery, onLost }: Task): boolean =>
  needs.length === 1 && delivery !== 'at-most-once' && onLost !== 'fail';

/** Each such death takes the attempt before with it. */
const earlyMax = (lossesMax: number, fate: Fate): number =>
  Math.min(LOST_MAX, lossesMax + (fate.end === 'kills' ? 1 : 0));

/** The attempt at hand, and how many before it failed and were lost. */
interface Tries {
  readonly attempt: number;
  readonly tries: number;
  readonly lost: number;
}

function ownEnd(task: Task, fate: Fate): End {
  const runMs = task.limits?.runMs ?? Number.POSITIVE_INFINITY;
  if (fate.end === 'hangs' || fate.durationMs > runMs) return { reason: 'time-limit', message: '' };
  return fate.end === 'fails' ? fate.error : 'succeeded';
}

/** The verdicts that an attempt's end may bring, and the attempt that may follow. */
function afterEnd(
  task: Task,
  end: End,
  { attempt, tries, lost }: Tries,
): { readonly verdicts: readonly Verdict[]; readonly next?: Tries } {
  if (end === 'succeeded') return { verdicts: ['succeeded'] };
  if (end === 'lost') {
    if (lostIsFinal(task, lost + 1)) return { verdicts: ['failed'] };
    return { verdicts: [], next: { attempt: attempt + 1, tries, lost: lost + 1 } };
  }
  if (end === 'early') return { verdicts: [], next: { attempt: attempt + 1, tries, lost } };
  if (end === 'released') {
    const next = { attempt: attempt + 1, tries, lost };
    // Handed back at work, it is as good as lost; unbegun, it is as good as new.
    return { verdicts: lostIsFinal(task, 0) ? ['failed'] : [], next };
  }
  if (failureIsFinal(task, end, tries + 1)) return { verdicts: ['failed'] };
  const next = { attempt: attempt + 1, tries: tries + 1, lost };
  return { verdicts: task.retry?.totalMs === undefined ? [] : ['failed'], next };
}

const LOST_MAX = 10;

function lostIsFinal(task: Task, lost: number): boolean {
  if (task.delivery === 'at-most-once' || task.onLost === 'fail') return true;
  return lost > (task.lostMax ?? LOST_MAX);
}

function failureIsFinal(task: Task, error: AttemptError, tries: number): boolean {
  if (task.delivery === 'at-most-once') return true;
  const policy = task.retry?.policies?.find(({ match }) => fits(match, error));
  if (policy?.action === 'fail') return true;
  return tries >= (policy?.attemptsMax ?? task.retry?.attemptsMax ?? 1);
}

function fits(match: ErrorPolicy['match'], error: AttemptError): boolean {
  const { exitCodes, errors, reasons } = match;
  const code = exitCodes === undefined || exitCodes.some((wanted) => wanted === error.exitCode);
  const like = (pattern: string): boolean =>
    new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(error.name ?? '');
  const name = errors === undefined || errors.some(like);
  return code && name && (reasons === undefined || reasons.includes(error.reason));
}
