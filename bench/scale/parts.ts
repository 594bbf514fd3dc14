import { readFileSync } from 'node:fs';
import type { CostRow } from '../cost/measure.ts';

/** How many short calls travel in one message. */
export const bundleShort = 128;

/** What one task of a shape takes, as `bench -- cost` counted it. */
export interface Part {
  readonly tableWrites: number;
  readonly indexWrites: number;
  readonly reads: number;
  readonly queueRequests: number;
  readonly deciderInvocations: number;
  readonly deciderSeconds: number;
  readonly runnerInvocations: number;
  readonly apiSeconds: number;
  readonly storedBytes: number;
}

export interface Parts {
  readonly measured: string;
  /** Tasks of large runs. */
  readonly wide: Part;
  /** Runs of one task. */
  readonly single: Part;
}

interface CostFile {
  readonly machine: { readonly date: string };
  readonly rows: readonly Pick<CostRow, 'workload' | 'delivery' | 'tasks' | 'counted'>[];
}

/** Reads the rows that `bench -- cost --json FILE` wrote. Throws when it lacks one that is needed. */
export function readParts(file: string): Parts {
  const { machine, rows } = JSON.parse(readFileSync(file, 'utf8')) as CostFile;
  const part = (workload: string): Part => {
    const row = rows.find((one) => one.workload === workload && one.delivery === 'claimed');
    if (row === undefined) throw new Error(`${file} has no row "${workload}", claimed`);
    const { counted, tasks } = row;
    return {
      tableWrites: counted.tableWrites / tasks,
      indexWrites: counted.indexWrites / tasks,
      reads: counted.reads / tasks,
      queueRequests: (counted.queueRequests + counted.sourceRequests) / tasks,
      deciderInvocations: counted.deciderInvocations / tasks,
      deciderSeconds: counted.deciderSeconds / tasks,
      runnerInvocations: counted.runnerInvocations / tasks,
      apiSeconds: counted.apiSeconds / Math.max(1, counted.apiRequests),
      storedBytes: counted.storedBytes / tasks,
    };
  };
  return {
    measured: machine.date,
    wide: part('10,000 independent'),
    single: part('10,000 runs of one task'),
  };
}
