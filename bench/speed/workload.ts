/** What is measured, and against which aim. Each name is known to the child process that measures it. */
import type { Aim } from '../row.ts';

export interface Workload {
  /** As the peers call it. */
  readonly workload: string;
  readonly kind: 'one-run' | 'many-runs' | 'fan' | 'fan-at-once' | 'chain' | 'programs';
  readonly params: Readonly<Record<string, string | number>>;
  readonly large?: boolean;
  /** Over HTTP: the client in the measuring process, the server in its own. */
  readonly http?: boolean;
  /** No task is gone on with by its runner: the decider sees each hop. */
  readonly decided?: boolean;
  readonly aim?: Aim;
}

export const workloads: readonly Workload[] = [
  {
    workload: 'W1 independent',
    kind: 'one-run',
    params: { n: 100_000, as: 'one run' },
    aim: { figure: 'tasks_per_s', atLeast: 54_000 },
  },
  {
    workload: 'W1 independent',
    kind: 'many-runs',
    params: { n: 50_000, as: 'n runs of one task' },
    aim: { figure: 'tasks_per_s', atLeast: 27_000 },
  },
  {
    workload: 'W1 independent',
    kind: 'one-run',
    params: { n: 50_000, as: 'one run, 1 KB in and 1 KB out' },
    large: true,
  },
  {
    workload: 'W1 independent',
    kind: 'many-runs',
    params: { n: 20_000, as: 'n runs of one task, 1 KB in and 1 KB out' },
    large: true,
  },
  {
    workload: 'W1 independent',
    kind: 'one-run',
    params: { n: 100_000, as: 'one run, over HTTP' },
    http: true,
  },
  {
    workload: 'W1 independent',
    kind: 'many-runs',
    params: { n: 50_000, as: 'n runs of one task, over HTTP' },
    http: true,
  },
  { workload: 'W2 fan seq', kind: 'fan', params: { runs: 10, fan: 1000 } },
  {
    workload: 'W2 fan all at once',
    kind: 'fan-at-once',
    params: { runs: 10, fan: 1000 },
    aim: { figure: 'tasks_per_s', atLeast: 30_000 },
  },
  {
    workload: 'W2 fan all at once',
    kind: 'fan-at-once',
    params: { runs: 10, fan: 1000, as: '1 KB in and 1 KB out' },
    large: true,
  },
  {
    workload: 'W3 chain',
    kind: 'chain',
    params: { len: 100, chains: 5, as: 'each hop committed before the next' },
    aim: { figure: 'p50_ms', under: 0.33 },
  },
  {
    workload: 'W3 chain',
    kind: 'chain',
    params: { len: 100, chains: 5, as: 'each hop committed and decided before the next' },
    decided: true,
  },
  {
    workload: 'W3 chain',
    kind: 'chain',
    params: { len: 100, chains: 5, as: 'over HTTP' },
    http: true,
  },
  {
    workload: 'W6 process',
    kind: 'programs',
    params: { n: 500, concurrency: 4, cmd: '/bin/true' },
  },
];
