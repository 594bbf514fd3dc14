/** What the server costs while nothing runs: with one warm process, as after a first call. */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryOf } from '../machine.ts';
import { judged, median, type Row, rounded } from '../row.ts';
import { serve } from './fanfold.ts';
import { durable, type SpeedOptions } from './measure.ts';
import { call, code, independent } from './workflows.ts';

const settleMs = 1500;

async function once(): Promise<{ readySeconds: number; rssMb: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-bench-'));
  const { client, pid, readySeconds, stop } = await serve(folder);
  try {
    const { run } = await client.submit({
      workflow: independent(1, { run: call('nothing') }),
      code,
    });
    const { state } = await client.end(run.id, 20_000);
    if (state !== 'succeeded') throw new Error(`the run ended as ${state}`);
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    return { readySeconds, rssMb: memoryOf(pid) };
  } finally {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function footprint({ repeats, version }: SpeedOptions): Promise<Row[]> {
  await once(); // makes the bundle and the compile cache, as an installed package has them
  const all = [];
  for (let i = 0; i < repeats; i++) all.push(await once());
  const seconds = rounded(median(all.map((one) => one.readySeconds)), 3) as number;
  const rssMb = rounded(median(all.map((one) => one.rssMb)), 1);
  const base = {
    peer: 'fanfold',
    version,
    workload: 'W5 footprint',
    tasks_per_s: null,
    p50_ms: null,
    p99_ms: null,
    max_ms: null,
    seconds,
    rss_mb: rssMb,
    durable,
    load1: rounded(loadavg()[0] ?? 0) as number,
    runs: all.length,
    rates: [],
    again: '',
  } as const;
  return [
    {
      ...base,
      params: { as: 'idle memory of the server and one warm process' },
      ...judged({ figure: 'rss_mb', under: 120 }, rssMb),
    },
    {
      ...base,
      params: { as: 'from the start to the first answer' },
      ...judged({ figure: 'seconds', under: 0.5 }, seconds),
    },
  ];
}
