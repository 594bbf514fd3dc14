/** The counts in Prometheus' text. What is made for it is made when somebody first asks. */
import type { Metric, Registry } from 'prom-client';
import type { EmbeddedQueue } from '../../adapters/embedded/queue.ts';
import type { RunnerView } from '../../contract/api.ts';
import { runStates } from '../../contract/state.ts';
import { boundsMs, type Spread } from './spread.ts';
import type { Tally } from './tally.ts';

export interface MetricsText {
  readonly type: string;
  readonly text: string;
}

interface Sources {
  readonly tally: Tally;
  readonly queue: Pick<EmbeddedQueue, 'states'>;
  readonly runners: () => Promise<readonly RunnerView[]>;
  readonly stuck: () => number;
  readonly now: () => number;
}

type Labels = Readonly<Record<string, string>>;
type Value = readonly [labels: Labels, value: number];
/** Of one scrape, under their names without our prefix. */
interface Row {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly values: (sources: Sources) => Promise<readonly Value[]> | readonly Value[];
  readonly spreads?: (sources: Sources) => ReadonlyMap<string, Spread>;
  /** Of the spreads' keys. */
  readonly label?: string;
}

const counter = (name: string, help: string, values: Row['values']): Row => ({
  name,
  help,
  kind: 'counter',
  values,
});
const gauge = (name: string, help: string, values: Row['values']): Row => ({
  ...counter(name, help, values),
  kind: 'gauge',
});
const histogram = (
  name: string,
  help: string,
  label: string,
  spreads: NonNullable<Row['spreads']>,
): Row => ({ name, help, kind: 'histogram', values: () => [], label, spreads });

const counted = <Name extends string>(
  workflow: string,
  label: string,
  counts: { readonly [name in Name]?: number },
): readonly Value[] =>
  Object.entries<number | undefined>(counts).map(([name, value]) => [
    { workflow, [label]: name },
    value ?? 0,
  ]);

const sum = (runners: readonly RunnerView[], field: 'slots' | 'atWork'): readonly Value[] =>
  [...Map.groupBy(runners, ({ pool }) => pool)].map(([pool, own]) => [
    { pool },
    own.reduce((total, runner) => total + runner[field], 0),
  ]);

const rows: readonly Row[] = [
  counter('runs_submitted_total', 'Runs that were submitted', ({ tally }) =>
    [...tally.workflows].map(([workflow, { submitted }]) => [{ workflow }, submitted]),
  ),
  counter('runs_ended_total', 'Runs that ended, by how', ({ tally }) =>
    [...tally.workflows].flatMap(([workflow, { ended }]) => counted(workflow, 'state', ended)),
  ),
  gauge('runs_open', 'Runs that have not ended', ({ tally }) => {
    const open = tally.openByState();
    return runStates.flatMap((state): Value[] => {
      const count = open.get(state);
      return count === undefined ? [] : [[{ state }, count]];
    });
  }),
  histogram('run_seconds', 'From submit to end', 'state', ({ tally }) => tally.runTimes),
  counter('attempts_total', 'Attempts that ended, by outcome', ({ tally }) =>
    [...tally.workflows].flatMap(([workflow, { attempts }]) =>
      counted(workflow, 'outcome', attempts),
    ),
  ),
  histogram(
    'attempt_seconds',
    'How long attempts took',
    'outcome',
    ({ tally }) => tally.attemptTimes,
  ),
  counter('retries_total', 'Attempts that were not the first of their task', ({ tally }) => [
    [{}, tally.retries],
  ]),
  counter('losses_total', 'Attempts whose runner was gone', ({ tally }) => [[{}, tally.losses]]),
  counter('repairs_total', 'What visits mended; expected is 0', ({ tally: { mended } }) => [
    [{ kind: 'runner_gone' }, mended.lostWithRunners],
    [{ kind: 'sent_again' }, mended.resent],
    [{ kind: 'attempt_lost' }, mended.lost],
  ]),
  counter('dead_letters_total', 'Messages that were received too often', ({ tally }) => [
    [{}, tally.mended.deadLetters],
  ]),
  gauge('runs_stuck', 'Runs of which something cannot be decided', ({ stuck }) => [[{}, stuck()]]),
  gauge('queue_messages', 'Messages, each of one or many tasks', ({ queue }) =>
    queue.states().flatMap(({ queue: name, waiting, inFlight }): Value[] => [
      [{ queue: name, state: 'waiting' }, waiting],
      [{ queue: name, state: 'in_flight' }, inFlight],
    ]),
  ),
  gauge('queue_oldest_seconds', 'Age of the first message that waits', ({ queue, now }) =>
    queue
      .states()
      .map(({ queue: name, oldestAt = now() }) => [
        { queue: name },
        Math.max(0, now() - oldestAt) / 1000,
      ]),
  ),
  histogram(
    'queue_wait_seconds',
    'From sending a message, its delay included, until a runner took it',
    'queue',
    ({ tally }) => tally.waits,
  ),
  gauge('runners', 'Runners that are alive', async ({ runners }) =>
    [...Map.groupBy(await runners(), ({ pool }) => pool)].map(([pool, own]) => [
      { pool },
      own.length,
    ]),
  ),
  gauge('runner_slots', 'Attempts that runners can have at a time', async ({ runners }) =>
    sum(await runners(), 'slots'),
  ),
  gauge('attempts_at_work', 'Attempts that runners hold', async ({ runners }) =>
    sum(await runners(), 'atWork'),
  ),
];

const prefix = 'fanfold_';
/** How often the lag of the event loop is looked at once somebody has asked: more often would keep an idle machine awake. */
const lagMs = 100;

/** As the library would give it of a metric of its own, which would look up labels at every count. */
function asMetric({ name, help, kind, values, spreads, label = '' }: Row, sources: Sources) {
  const full = prefix + name;
  const get = async () => {
    const plain = (await values(sources)).map(([labels, value]) => ({ labels, value }));
    const spread = [...(spreads?.(sources) ?? [])].flatMap(([key, one]) =>
      spreadValues(full, { [label]: key }, one),
    );
    return { name: full, help, type: kind, aggregator: 'sum', values: [...plain, ...spread] };
  };
  return { name: full, get, reset: () => undefined } as unknown as Metric;
}

function spreadValues(name: string, labels: Labels, spread: Spread) {
  const buckets = spread.cumulated().map(({ le, count }) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le: Number.isFinite(le) ? String(le) : '+Inf' },
    value: count,
  }));
  const total = buckets[boundsMs.length]?.value ?? 0;
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: spread.sumSeconds },
    { metricName: `${name}_count`, labels, value: total },
  ];
}

/** Answers each scrape with all metrics, those of the process too. */
export function createMetrics(sources: Sources): () => Promise<MetricsText> {
  let made: Promise<Registry> | undefined;
  const make = async (): Promise<Registry> => {
    const { collectDefaultMetrics, Registry } = await import('prom-client');
    const registry = new Registry();
    for (const row of rows) registry.registerMetric(asMetric(row, sources));
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: lagMs });
    return registry;
  };
  return async () => {
    made ??= make();
    const registry = await made;
    return { type: registry.contentType, text: await registry.metrics() };
  };
}
