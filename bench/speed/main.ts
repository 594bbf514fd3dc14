import { judged, type Row } from '../row.ts';
import { footprint } from './footprint.ts';
import { measure, type SpeedOptions } from './measure.ts';
import { bareSpawnRate } from './spawn-loop.ts';
import { workloads } from './workload.ts';

const spawnRatioMin = 0.85;

/** Measures all workloads whose name or parameters hold `only`. */
export async function speed(options: SpeedOptions, only: string): Promise<Row[]> {
  const rows: Row[] = [];
  const add = (row: Row): void => {
    rows.push(row);
    console.error(
      `${row.workload} ${row.params.as ?? ''}: ${row.tasks_per_s ?? ''}/s ${row.p50_ms ?? ''} (${row.rates})`,
    );
  };
  for (const workload of workloads) {
    if (!`${workload.workload} ${workload.params.as ?? ''}`.includes(only)) continue;
    const row = await measure(workload, options);
    add(workload.kind === 'programs' ? besideBareLoop(row, options.repeats) : row);
  }
  if ('W5 footprint'.includes(only)) for (const row of await footprint(options)) add(row);
  return rows;
}

function besideBareLoop(row: Row, repeats: number): Row {
  const bare = bareSpawnRate(repeats);
  const ratio = (row.tasks_per_s ?? 0) / bare;
  const aim = judged({ figure: 'ratio', atLeast: spawnRatioMin }, ratio);
  const extra = { ...row.extra, bare_loop_per_s: Math.round(bare), ratio };
  return {
    ...row,
    extra,
    aim: `${spawnRatioMin} of a bare loop's ${Math.round(bare)}/s`,
    met: aim.met,
  };
}
