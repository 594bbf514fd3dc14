/**
 * What others charge for the same, by a model: their list prices times the least that they could count. No compute of
 * the tasks, no free tier. Dates are those on which the prices were read.
 */

const million = 1e6;

/** A shape, as far as the others' prices depend on it. */
export interface Shape {
  readonly tasks: number;
  readonly edges: number;
  readonly levels: number;
  /** Tasks of the widest level. */
  readonly width: number;
  /** Runs of one task are started one by one. */
  readonly single: boolean;
}

export interface Peer {
  readonly name: string;
  readonly read: string;
  /** Dollars a million tasks; undefined: it cannot be done so. */
  readonly usdPerMillion: (shape: Shape) => number | undefined;
}

const invocation = 0.2;
const transition = 25;
const expressRequest = 1;
const expressGbSecond = 0.00001667 * million;
const expressGb = 64 / 1024;
/** Express lasts five minutes at most, and a map in it does forty at a time. */
const expressSecondsMax = 300;
const inlineMapMax = 40;
const durableOperation = 8;
const durableGbWritten = 0.25;
const durableGbMonth = 0.15;
const durableDays = 14;
const action = 50;
const actionAtVolume = 25;
const write = 0.625;
const read = 0.125;
const request = 0.4;
const httpRequest = 1;
const logLinesGb = 0.5;
const logBytes = 400;
const taskResultGb = 1024 / 1e9;

const perTask = (shape: Shape, runDollars: number): number => runDollars / shape.tasks;

function express(shape: Shape): number | undefined {
  const rounds = Math.ceil(shape.tasks / shape.levels / inlineMapMax);
  const seconds = shape.levels * Math.max(1, rounds);
  const parts = Math.ceil(seconds / expressSecondsMax);
  const duration = (seconds + parts * 0.1) * expressGb * expressGbSecond;
  return invocation + perTask(shape, parts * expressRequest + duration);
}

/** One item a task, a transaction an edge, one message and one function call a task. */
function naive(shape: Shape): number {
  const calls = 2 * (invocation + 0.05 * 0.25 * 13.3334) + (2 * logBytes * logLinesGb) / 1e3;
  const writes = (3 + (4 * shape.edges) / shape.tasks) * write;
  const starts = perTask(shape, httpRequest + invocation);
  return writes + read + 3 * request + calls + starts;
}

export const peers: readonly Peer[] = [
  {
    name: 'Step Functions Standard',
    read: '2026-08-31',
    usdPerMillion: (shape) => invocation + perTask(shape, (shape.tasks + 1) * transition),
  },
  { name: 'Step Functions Express, maps of 40', read: '2026-08-31', usdPerMillion: express },
  {
    name: 'Distributed Map, Express children',
    read: '2026-08-31',
    usdPerMillion: (shape) =>
      shape.width < shape.tasks / 2
        ? undefined
        : transition + expressRequest + 1.1 * expressGb * expressGbSecond + invocation,
  },
  {
    name: 'Lambda durable functions',
    read: '2026-09-19',
    usdPerMillion: (shape) => {
      const mapped = shape.width > 1 ? 2 : 1;
      const kept =
        taskResultGb * million * (durableGbWritten + (durableGbMonth * durableDays) / 30);
      return mapped * durableOperation + kept + perTask(shape, invocation);
    },
  },
  {
    name: 'Temporal Cloud, list',
    read: '2026',
    usdPerMillion: (shape) => perTask(shape, (shape.tasks + 1) * action),
  },
  {
    name: 'Temporal Cloud, at volume',
    read: '2026',
    usdPerMillion: (shape) => perTask(shape, (shape.tasks + 1) * actionAtVolume),
  },
  { name: 'a transaction an edge, a call a task', read: '2026-10-08', usdPerMillion: naive },
];

/** The floor of a design such as this one: bundles, 48 bytes a task in the log, chains that go on by themselves. */
export const floorUsdPerMillion = 0.04;
