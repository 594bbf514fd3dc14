/** A run as lines: levels with bars, what is at work, totals. Pure: the same view gives the same lines. */
import type { Counts, GroupView, RunningView, RunView } from '../../src/contract/api.ts';
import { isEnded } from '../../src/contract/state.ts';
import type { Paint } from '../context.ts';
import { clockTime, cut, duration, harmless, pad, padLeft, widthOf } from './text.ts';

export interface Frame {
  readonly columns: number;
  /** At most as many lines; more groups than fit are summed up. */
  readonly rows: number;
  /** Of a level with more groups than so many the less urgent ones are one line. Default: none is summed up. */
  readonly groupsMax?: number;
  readonly now: number;
  readonly paint: Paint;
}

const LABEL_MIN = 8;
const LABEL_MAX = 32;
const BAR_MAX = 20;
/** Below this width a bar says less than its numbers. */
const BAR_MIN = 5;
const RUNNING_SHOWN = 4;

export const totalOf = (counts: Counts): number =>
  Object.values(counts).reduce((sum, n) => sum + n, 0);
export const endedOf = (counts: Counts): number =>
  counts.succeeded + counts.failed + counts.cancelled + counts.skipped;

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

export function bar(share: number, width: number): string {
  const filled = Math.floor(Math.min(1, Math.max(0, share)) * width * 8);
  const solid = '█'.repeat(Math.floor(filled / 8)) + eighths[filled % 8];
  return solid + '░'.repeat(width - solid.length);
}

const words = [
  ['running', 'running'],
  ['ready', 'ready'],
  ['backoff', 'retrying'],
  ['awaiting', 'awaiting sub-tasks'],
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
  ['skipped', 'skipped'],
] as const;

/** `4 running  1 retrying`; what is as it should be is left out. */
export function stateWords(counts: Counts): string {
  const said = words.filter(([state]) => counts[state] > 0);
  const text = said.map(([state, word]) => `${counts[state]} ${word}`).join('  ');
  return text === '' && counts.waiting > 0 && counts.waiting === totalOf(counts) ? 'waits' : text;
}

function colourOf(counts: Counts, paint: Paint): (text: string) => string {
  if (counts.failed > 0) return paint.red;
  if (counts.backoff > 0) return paint.yellow;
  if (endedOf(counts) < totalOf(counts)) return paint.cyan;
  return counts.cancelled + counts.skipped > 0 ? paint.gray : paint.green;
}

interface Row extends GroupView {
  /** Shown on the first group of a level only. */
  readonly level: string;
  /** For how many groups it stands. */
  readonly stands: number;
}

function rowsOf(view: RunView, groupsMax: number): Row[] {
  return view.levels.flatMap(({ level, groups }) => {
    const rows = groups.map((group): Row => ({ ...group, level: '', stands: 1 }));
    return summedUp(rows, groupsMax).map((row, i) =>
      i === 0 ? { ...row, level: `${level}` } : row,
    );
  });
}

/** The most urgent rows of a level, and one for all others of it. */
function summedUp(rows: readonly Row[], max: number): readonly Row[] {
  if (rows.length <= max) return rows;
  const kept = new Set(mostUrgent(rows, max - 1));
  const others = rows.filter((row) => !kept.has(row));
  const counts = others.reduce((sum, row) => add(sum, row.counts), {} as Counts);
  return [...kept, { task: `… ${others.length} more`, counts, level: '', stands: others.length }];
}

const add = (a: Counts, b: Counts): Counts =>
  Object.fromEntries(
    Object.entries(b).map(([state, n]) => [state, n + (a[state as keyof Counts] ?? 0)]),
  ) as unknown as Counts;

/** What moves comes first, then what waits, then what is done. */
function urgency({ counts }: Row): number {
  if (counts.failed + counts.running + counts.backoff + counts.ready > 0) return 0;
  return endedOf(counts) < totalOf(counts) ? 1 : 2;
}

/** The rows that fit, in their order, and how many were left out. */
function fitting(rows: readonly Row[], room: number): { rows: readonly Row[]; left: number } {
  if (rows.length <= room) return { rows, left: 0 };
  const kept = mostUrgent(rows, Math.max(1, room - 1));
  const all = rows.reduce((sum, { stands }) => sum + stands, 0);
  return { rows: kept, left: kept.reduce((left, { stands }) => left - stands, all) };
}

/** In their order. */
function mostUrgent(rows: readonly Row[], max: number): readonly Row[] {
  const ranked = rows.map((row, at) => ({ row, at, rank: urgency(row) }));
  const kept = ranked.sort((a, b) => a.rank - b.rank || a.at - b.at).slice(0, max);
  return kept.sort((a, b) => a.at - b.at).map(({ row }) => row);
}

interface Widths {
  readonly label: number;
  readonly bar: number;
  readonly numbers: number;
}

const numbersOf = ({ counts }: GroupView): string => `${endedOf(counts)}/${totalOf(counts)}`;

function widthsOf(rows: readonly Row[], columns: number): Widths {
  const longest = Math.max(LABEL_MIN, ...rows.map(({ task }) => widthOf(task)));
  const label = Math.min(longest, LABEL_MAX, Math.max(LABEL_MIN, Math.floor(columns / 3)));
  const numbers = Math.max(3, ...rows.map((row) => numbersOf(row).length));
  const free = columns - (4 + label + 2 + 2 + numbers + 2 + 12);
  return { label, numbers, bar: free < BAR_MIN ? 0 : Math.min(BAR_MAX, free) };
}

function groupLine(row: Row, widths: Widths, { columns, paint }: Frame): string {
  const { counts } = row;
  const head = `${padLeft(row.level, 3)} ${pad(cut(harmless(row.task), widths.label), widths.label)}  `;
  const total = totalOf(counts);
  const drawn =
    widths.bar === 0 ? '' : `${bar(endedOf(counts) / Math.max(1, total), widths.bar)}  `;
  const tail = `${padLeft(numbersOf(row), widths.numbers)}  `;
  const room = columns - widthOf(head) - widthOf(drawn) - widthOf(tail);
  const said = cut(stateWords(counts), room);
  return `${head}${colourOf(counts, paint)(drawn)}${tail}${said}`.trimEnd();
}

/** `clean[3]  attempt 2  for 12 s  at step row 812 since 02:31  45 %`. */
export function runningText(task: RunningView, now: number): string {
  const parts = [harmless(task.task)];
  if (task.attempt > 1) parts.push(`attempt ${task.attempt}`);
  parts.push(`for ${duration(now - task.since)}`);
  if (task.step !== undefined) {
    const since = task.stepAt === undefined ? '' : ` since ${clockTime(task.stepAt, now)}`;
    parts.push(`at step ${harmless(task.step)}${since}`);
  }
  if (task.progress !== undefined) parts.push(`${Math.round(task.progress * 100)} %`);
  return parts.join('  ');
}

/** Those that tell of a step first, then the oldest. */
function runningShown(view: RunView): readonly RunningView[] {
  const rank = (task: RunningView) => (task.step === undefined ? 1 : 0);
  return [...view.running]
    .sort((a, b) => rank(a) - rank(b) || a.since - b.since)
    .slice(0, RUNNING_SHOWN);
}

export function totalsText(view: RunView, now: number): string {
  const { counts } = view;
  const elapsed = duration((view.endedAt ?? now) - view.createdAt);
  const parts = [
    `${elapsed} ${isEnded(view.state) ? 'in all' : 'elapsed'}`,
    `${endedOf(counts)}/${totalOf(counts)} done`,
    `${counts.running} running`,
    ...(counts.backoff > 0 ? [`${counts.backoff} retrying`] : []),
    `${counts.failed} failed`,
  ];
  if (view.state === 'paused' || view.state === 'cancelling') parts.unshift(view.state);
  return parts.join('   ');
}

export function inputText(input: unknown): string {
  const entries = Object.entries((input ?? {}) as object);
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  return entries.map(([name, value]) => harmless(`${name}=${text(value)}`)).join(' ');
}

export function headLine(
  view: RunView,
  { columns, paint }: Pick<Frame, 'columns' | 'paint'>,
): string {
  const head = `run ${view.id} ${view.workflow}`;
  const rest = cut(inputText(view.input), columns - head.length - 2);
  return cut(head, columns) === head
    ? `${paint.bold(head)}  ${paint.dim(rest)}`.trimEnd()
    : cut(head, columns);
}

/** All of the run, as a picture that is redrawn while it goes on. */
export function runLines(view: RunView, frame: Frame): string[] {
  const { columns, paint } = frame;
  const running = runningShown(view).map((task) =>
    paint.dim(cut(`    ${runningText(task, frame.now)}`, columns)),
  );
  const all = rowsOf(view, frame.groupsMax ?? Number.POSITIVE_INFINITY);
  const { rows, left } = fitting(all, frame.rows - running.length - 3);
  const beyond = left + view.levels.reduce((sum, level) => sum + level.groupsLeftOut, 0);
  const widths = widthsOf(rows, columns);
  return [
    headLine(view, frame),
    ...rows.map((row) => groupLine(row, widths, frame)),
    ...(beyond > 0 ? [paint.dim(cut(`    … ${beyond} more not shown`, columns))] : []),
    ...running,
    cut(`  ${totalsText(view, frame.now)}`, columns),
  ];
}
