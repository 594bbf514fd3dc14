import { figure, median } from '../row.ts';
import { table } from '../table.ts';
import { type CapacityRow, names } from './compare.ts';

/** At no more runner-seconds, so much of target tracking's p99 wait on the median trace. */
const WAIT_AIM = 0.6;
/** Of runner-seconds at no longer p99 wait, against the clairvoyant policy, on the median trace. */
const FORESIGHT_AIM = 1.25;

export function capacityTable(rows: readonly CapacityRow[]): string {
  const heads = [
    'trace',
    'set',
    'policy',
    'p50 s',
    'p99 s',
    'over 1 s, %',
    'runner-s',
    'of busy',
    'starts',
    'turns',
    'peak',
  ];
  return table(
    heads,
    rows.map((row, n) => [
      rows[n - 1]?.trace === row.trace ? '' : row.trace,
      rows[n - 1]?.trace === row.trace ? '' : row.set,
      row.policy,
      figure(row.p50),
      figure(row.p99),
      figure(row.late * 100),
      figure(row.runnerSeconds),
      figure(row.runnerSeconds / row.busy),
      String(row.starts),
      String(row.turns),
      String(row.peak),
    ]),
  );
}

/** Ours beside what it is held against, on one trace. */
interface Verdict {
  readonly trace: string;
  readonly set: CapacityRow['set'];
  readonly ours: CapacityRow;
  /** Tracking that scales in gradually, then the one that scales in at once. */
  readonly rivals: readonly CapacityRow[];
  readonly equalWait: CapacityRow | undefined;
  readonly equalCost: CapacityRow | undefined;
}

/** What the rows come to against the aims, misses by name. */
export function summary(rows: readonly CapacityRow[]): string {
  const traces = [...new Set(rows.map(({ trace }) => trace))];
  const verdicts = traces.map((trace) => verdictOf(rows.filter((row) => row.trace === trace)));
  const lines = ['recorded', 'tuning', 'held out', 'all'].flatMap((set) => {
    const own = verdicts.filter((verdict) => set === 'all' || verdict.set === set);
    return own.length === 0 ? [] : [[set, String(own.length), ...medians(own)]];
  });
  const heads = [
    'set',
    'traces',
    'runner-s to tracking',
    'p99 to tracking',
    'runner-s to tracking, in at once',
    'p99 to tracking, in at once',
    'runner-s to clairvoyant of equal p99',
    'p99 over clairvoyant of equal cost, s',
  ];
  const about = `Medians; ours as a part of theirs. Aims: runner-s to tracking at most 1, p99 to tracking at most ${WAIT_AIM}, runner-s
to clairvoyant at most ${FORESIGHT_AIM}.`;
  return `${about}\n\n${table(heads, lines)}\n\n${misses(verdicts).join('\n')}`;
}

function verdictOf(rows: readonly CapacityRow[]): Verdict {
  const of = (name: string): CapacityRow | undefined => rows.find(({ policy }) => policy === name);
  const ours = of(names.ours) as CapacityRow;
  const { trace, set } = ours;
  const rivals = [names.tracking, names.trackingProportional].flatMap((name) => of(name) ?? []);
  return {
    trace,
    set,
    ours,
    rivals,
    equalWait: of(names.equalWait),
    equalCost: of(names.equalCost),
  };
}

/** No wait is to no wait as one to one. */
const waitRatio = (ours: CapacityRow, theirs: CapacityRow): number =>
  ours.p99 === theirs.p99 ? 1 : ours.p99 / theirs.p99;
const costRatio = (ours: CapacityRow, theirs: CapacityRow | undefined): number =>
  ours.runnerSeconds / (theirs?.runnerSeconds ?? Number.NaN);

function medians(own: readonly Verdict[]): string[] {
  const of = (value: (verdict: Verdict) => number): string => figure(median(own.map(value)));
  return [
    ...[0, 1].flatMap((n) => [
      of(({ ours, rivals }) => costRatio(ours, rivals[n])),
      of(({ ours, rivals }) => waitRatio(ours, rivals[n] as CapacityRow)),
    ]),
    of(({ ours, equalWait }) => costRatio(ours, equalWait)),
    of(({ ours, equalCost }) => ours.p99 - (equalCost?.p99 ?? Number.NaN)),
  ];
}

/** Each trace on which an aim is missed, and by how much. */
function misses(verdicts: readonly Verdict[]): string[] {
  const lines = verdicts.flatMap((verdict) => [
    ...verdict.rivals.flatMap((rival) => missedAgainst(verdict.ours, rival)),
    ...missedForesight(verdict),
  ]);
  return lines.length === 0 ? ['Nothing missed on any trace.'] : lines;
}

function missedAgainst(ours: CapacityRow, rival: CapacityRow): string[] {
  const lines: string[] = [];
  const waits = `p99 ${figure(ours.p99)} s, theirs ${figure(rival.p99)} s`;
  const costs = `runner-s ${figure(ours.runnerSeconds)}, theirs ${figure(rival.runnerSeconds)}`;
  if (ours.p99 > rival.p99) {
    const isFine = ours.p99 <= ours.acceptableS ? ' (acceptable as declared)' : '';
    lines.push(
      `MISSED ${ours.trace}: waits longer than ${rival.policy}: ${waits}${isFine}; ${costs}`,
    );
  }
  if (ours.runnerSeconds > rival.runnerSeconds)
    lines.push(`MISSED ${ours.trace}: costs more than ${rival.policy}: ${costs}; ${waits}`);
  return lines;
}

function missedForesight({ ours, equalWait }: Verdict): string[] {
  const ratio = costRatio(ours, equalWait);
  return ratio > FORESIGHT_AIM
    ? [`MISSED ${ours.trace}: ${figure(ratio)} times the runner-s of the clairvoyant of equal p99`]
    : [];
}
