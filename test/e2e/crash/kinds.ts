/** What is submitted while the server is killed: each kind with how its runs must end. */
import type { RunView } from '../../../src/contract/api.ts';
import type { Json, JsonObject } from '../../../src/contract/json.ts';
import type { Task, Workflow } from '../../../src/contract/workflow.ts';

export interface Kind {
  readonly workflow: Workflow;
  readonly ends: RunView['state'];
  /** How many tasks succeed. */
  readonly succeeded: number;
  /** The outputs of the tasks that nothing needs, by the run's `n`. */
  readonly outputs: (n: number) => { readonly [task: string]: Json };
  /** Runs in one call; 1: a call for each run. */
  readonly many: number;
  /** Of so many runs of all kinds one. */
  readonly every: number;
}

/** However often its runner dies, a task is tried again: the campaign kills for as long as it likes. */
const again = { lostMax: 10_000 } as const;
const node = (code: string) => ({ kind: 'snippet', language: 'node', code }) as const;
const python = (code: string) => ({ kind: 'snippet', language: 'python', code }) as const;
const shell = (line: string) => ({ kind: 'shell', line }) as const;
const task = (id: string, run: Task['run'], more: Partial<Task> = {}): Task => ({
  id,
  run,
  ...again,
  ...more,
});
const outputOf = (id: string): string => `\${{ tasks.${id}.output }}`;
const n = '${{ input.n }}';

const workflow = (name: string, tasks: readonly Task[]): Workflow => ({
  name,
  tasks: [...tasks].sort((a, b) => (a.id < b.id ? -1 : 1)),
});

const chainLength = 8;
const mapWidth = 40;
const parts = 10;

const chain = Array.from({ length: chainLength }, (_, i) =>
  task(
    `c${i}`,
    node('return input.n + 1;'),
    i === 0 ? { with: { n } } : { needs: [`c${i - 1}`], with: { n: outputOf(`c${i - 1}`) } },
  ),
);

const fanIn = [
  ...Array.from({ length: parts }, (_, i) =>
    task(`p${i}`, node('return input.n * 10 + input.i;'), { with: { n, i } }),
  ),
  task('sum', node('return input.parts.reduce((a, b) => a + b, 0);'), {
    needs: Array.from({ length: parts }, (_, i) => `p${i}`),
    with: { parts: Array.from({ length: parts }, (_, i) => outputOf(`p${i}`)) },
  }),
];

const map = [
  task('list', node(`return Array.from({ length: ${mapWidth} }, (_, i) => input.n + i);`), {
    with: { n },
  }),
  task('each', node('return input.x * 2;'), {
    needs: ['list'],
    each: [outputOf('list')],
    with: { x: '${{ item }}' },
  }),
  task('sum', node('return input.all.reduce((a, b) => a + b, 0);'), {
    needs: ['each'],
    with: { all: outputOf('each') },
  }),
];

/** A program that notes each start of an attempt in a file, so that a second start of one is seen. */
const marking = (starts: string, output: string) =>
  shell(`echo "$TASK_RUN $TASK_ID $TASK_ATTEMPT" >> '${starts}'; sleep 0.05; echo ${output}`);

const sumTo = (count: number, of: (i: number) => number): number =>
  Array.from({ length: count }, (_, i) => of(i)).reduce((a, b) => a + b, 0);

const one = (name: string, run: Task['run'], more: Partial<Task> = {}) =>
  workflow(name, [task('one', run, { with: { n }, ...more })]);

/** `starts`: the file in which programs note that they started. */
export function crashKinds(starts: string): readonly Kind[] {
  const usual = { ends: 'succeeded', many: 1, every: 10 } as const;
  const doubled = (k: number) => ({ one: k * 2 });
  return [
    {
      ...usual,
      workflow: one('single', node('return input.n * 2;')),
      succeeded: 1,
      outputs: doubled,
    },
    {
      ...usual,
      workflow: workflow('chain', chain),
      succeeded: chainLength,
      outputs: (k) => ({ [`c${chainLength - 1}`]: k + chainLength }),
    },
    {
      ...usual,
      workflow: workflow('fan-in', fanIn),
      succeeded: parts + 1,
      outputs: (k) => ({ sum: sumTo(parts, (i) => k * 10 + i) }),
    },
    {
      ...usual,
      workflow: workflow('map', map),
      succeeded: mapWidth + 3,
      outputs: (k) => ({ sum: sumTo(mapWidth, (i) => (k + i) * 2) }),
    },
    {
      ...usual,
      workflow: one(
        'retries',
        node('if (task.attempt < 3) throw new Error("busy"); return input.n * 2;'),
        {
          retry: { attemptsMax: 3, backoff: { shape: 'fixed', delayMsMin: 20, jitter: 'none' } },
        },
      ),
      succeeded: 1,
      outputs: doubled,
    },
    {
      ...usual,
      workflow: workflow('spawns', [
        task(
          'root',
          node(`
            if (input.depth === 0) return input.n;
            for (const key of ['a', 'b', 'c']) task.spawn({ key, with: { n: input.n, depth: input.depth - 1 } });
            return input.n;
          `),
          { with: { n, depth: 2 } },
        ),
        task('after', node('return input.n + 1;'), {
          needs: ['root'],
          with: { n: outputOf('root') },
        }),
      ]),
      succeeded: 1 + 3 + 9 + 1,
      outputs: (k) => ({ after: k + 1 }),
    },
    {
      ...usual,
      every: 20,
      workflow: one('sleep', {
        ...node('await new Promise((done) => setTimeout(done, 2500)); return input.n * 2;'),
        concurrency: 1000,
      }),
      succeeded: 1,
      outputs: doubled,
    },
    {
      ...usual,
      workflow: workflow('programs', [
        task('first', marking(starts, '1')),
        task('second', marking(starts, '2'), { needs: ['first'] }),
        task('third', marking(starts, '3'), { needs: ['second'] }),
      ]),
      succeeded: 3,
      outputs: () => ({ third: 3 }),
    },
    {
      ...usual,
      every: 20,
      workflow: one('python', python('return input["n"] * 2')),
      succeeded: 1,
      outputs: doubled,
    },
    {
      ...usual,
      ends: 'failed',
      workflow: workflow('fails', [
        task('bad', node('throw new Error("as planned");')),
        task('good', node('return input.n;'), { with: { n } }),
        task('never', node('return 1;'), { needs: ['bad'] }),
      ]),
      succeeded: 1,
      outputs: (k) => ({ good: k }),
    },
    {
      ...usual,
      many: 20,
      every: 20,
      workflow: workflow('many', [
        task('a', node('return input.n * 2;'), { with: { n } }),
        task('b', node('return input.x + 1;'), { needs: ['a'], with: { x: outputOf('a') } }),
      ]),
      succeeded: 2,
      outputs: (k) => ({ b: k * 2 + 1 }),
    },
  ];
}

export const inputOf = (k: number): JsonObject => ({ n: k });
