import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Json, JsonObject } from '../../src/contract/json.ts';
import type { Delivery, Task, Workflow } from '../../src/contract/workflow.ts';
import { importWfcommons } from '../../src/definition/wfcommons.ts';

/** Dollars a million tasks that a row may cost; none: it is only printed. */
export type Aims = Readonly<Partial<Record<Delivery, number>>>;

export interface Workload {
  readonly name: string;
  readonly workflow: (delivery: Delivery) => Workflow;
  readonly runs: number;
  /** Seconds that a task lasts; 0: it does nothing. */
  readonly seconds: number;
  /** What a task returns, by its id. */
  readonly output: (task: string) => Json;
  /** Runs submitted a second, each by a request of its own; none: a hundred a request, as fast as it goes. */
  readonly runsPerSecond?: number;
  readonly aims: Aims;
}

const run = { kind: 'snippet', language: 'node', code: 'return input;' } as const;

function workflowOf(name: string, delivery: Delivery, tasks: readonly Task[]): Workflow {
  const given = delivery === 'claimed' ? {} : { delivery };
  return { name, tasks: tasks.map((task) => ({ ...task, ...given })) };
}

const ids = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(5, '0')}`);

const independent = (count: number, given?: (id: string) => JsonObject) => (delivery: Delivery) =>
  workflowOf(
    'independent',
    delivery,
    ids(count, 't').map((id) => ({ id, run, ...(given && { with: given(id) }) })),
  );

const fan = (width: number) => (delivery: Delivery) => {
  const middle = ids(width, 'm');
  return workflowOf('fan', delivery, [
    { id: 'first', run },
    { id: 'last', run, needs: middle },
    ...middle.map((id) => ({ id, run, needs: ['first'] })),
  ]);
};

const chain = (length: number) => (delivery: Delivery) =>
  workflowOf(
    'chain',
    delivery,
    ids(length, 'c').map((id, n, all) => ({
      id,
      run,
      ...(n > 0 && { needs: [all[n - 1] as string] }),
    })),
  );

const one = (delivery: Delivery) => workflowOf('one', delivery, [{ id: 'only', run }]);

/** 1 KB that does not pack well, as an input is. */
function kilobyte(id: string): JsonObject {
  let seed = 7;
  for (const char of id) seed = (Math.imul(seed, 31) + char.charCodeAt(0)) >>> 0;
  const words: string[] = [];
  for (let bytes = 0; bytes < 1000; bytes += 9) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    words.push(seed.toString(36).padStart(8, '0'));
  }
  return { text: words.join(' ') };
}

const recorded = (file: string) => (delivery: Delivery) => {
  const { tasks } = importWfcommons(JSON.parse(gunzipSync(readFileSync(file)).toString()), {
    scale: 0,
  });
  return workflowOf(
    'recorded',
    delivery,
    tasks.map(({ id, needs = [] }) => ({ id, run, needs })),
  );
};

const wide = { claimed: 0.95, 'at-least-once': 0.3 } as const satisfies Aims;
/**
 * What a task returns is stored once, with others of its pack: 1 KB that packs to some 0.7 KB is 0.7 write units, $0.44 a
 * million. What it is given travels ten to a message, within the 64 KB that one request may have, and lies in a blob.
 */
const kilobytes: Aims = {
  claimed: wide.claimed + 0.45,
  'at-least-once': wide['at-least-once'] + 0.45,
};
const single: Aims = { claimed: 3, 'at-least-once': 3 };

/** `recordedFile`: a real workflow in WfFormat. `scale`: of the number of tasks, for a short try. */
export function workloads(recordedFile: string | undefined, scale: number): Workload[] {
  const some = (count: number): number => Math.max(1, Math.round(count * scale));
  const output = () => null;
  const nothing = { output, seconds: 0, aims: {} };
  const second = { output, seconds: 1, aims: wide };
  return [
    { name: '10,000 independent', workflow: independent(some(10_000)), runs: 1, ...second },
    { name: '1 to 1,000 to 1, ten times', workflow: fan(some(1000)), runs: 10, ...second },
    { name: '20 chains of 100', workflow: chain(some(100)), runs: 20, ...second },
    ...(recordedFile === undefined
      ? []
      : [
          {
            name: 'a real workflow, ten times',
            workflow: recorded(recordedFile),
            runs: 10,
            ...second,
          },
        ]),
    { name: '10,000 runs of one task', workflow: one, runs: some(10_000), ...second, aims: single },
    {
      name: 'no-ops: 10,000 independent',
      workflow: independent(some(10_000)),
      runs: 1,
      ...nothing,
    },
    { name: 'no-ops: a chain of 1,000', workflow: chain(some(1000)), runs: 1, ...nothing },
    {
      name: '10,000 independent, 1 KB in and out',
      workflow: independent(some(10_000), kilobyte),
      runs: 1,
      ...second,
      output: (task) => kilobyte(`of ${task}`),
      aims: kilobytes,
    },
    {
      name: 'runs of one task, 1 a second',
      workflow: one,
      runs: some(60),
      runsPerSecond: 1,
      ...second,
      aims: {},
    },
  ];
}
