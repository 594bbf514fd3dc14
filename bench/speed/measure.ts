/** Measures a workload in child processes, each over a data folder of its own. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import type { ClaimRow } from '../../src/core/claim.ts';
import { judged, type Measured, median, percentile, type Row, rounded } from '../row.ts';
import { type Workload, workloads } from './workload.ts';

export const durable = 'SQLite WAL, synchronous=FULL: one fsync for each group of puts';

const childFile = join(import.meta.dirname, 'child.ts');

interface ChildOptions {
  readonly folder: string;
  readonly recover?: boolean;
  readonly nodeOptions: readonly string[];
  /** Killed so long after it began to submit. */
  readonly killAfterMs?: number;
}

/** The last line that the child printed; undefined when it was killed. */
async function child(workload: Workload, options: ChildOptions): Promise<string | undefined> {
  const { folder, recover, nodeOptions, killAfterMs } = options;
  const args = [
    '--disable-warning=ExperimentalWarning',
    ...nodeOptions,
    childFile,
    String(workloads.indexOf(workload)),
    folder,
    ...(recover ? ['recover'] : []),
  ];
  const running = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<number | null>((resolve) => running.once('exit', resolve));
  let last = '';
  for await (const line of createInterface({ input: running.stdout })) {
    last = line;
    if (line === 'begin' && killAfterMs !== undefined)
      setTimeout(() => running.kill('SIGKILL'), killAfterMs);
  }
  const exitCode = await exited;
  if (exitCode === 0) return last;
  if (killAfterMs !== undefined) return undefined;
  throw new Error(`${workload.workload} ended with exit code ${exitCode}`);
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How many tasks were started again, or for the first time by a second claim, after a `kill -9` in the middle. */
async function givenAgain(workload: Workload, seconds: number): Promise<string> {
  return inFolder(async (folder) => {
    const killAfterMs = Math.max(20, seconds * 500);
    const done = await child(workload, { folder, nodeOptions: [], killAfterMs });
    if (done !== undefined) return 'ended before the kill';
    await child(workload, { folder, nodeOptions: [], recover: true });
    const db = new DatabaseSync(join(folder, 'fanfold.sqlite'));
    const claims = "SELECT data FROM item WHERE instr(CAST(k AS BLOB), CAST('CLAIM#' AS BLOB)) > 0";
    let again = 0;
    for (const { data } of db.prepare(claims).iterate())
      for (const [, , , tasks] of JSON.parse(String(data)).claims as readonly ClaimRow[])
        for (const [, attempt] of tasks) if (attempt > 1) again++;
    db.close();
    return `${again} attempts`;
  });
}

export interface SpeedOptions {
  readonly repeats: number;
  readonly version: string;
  readonly nodeOptions: readonly string[];
  readonly kills: boolean;
}

export async function measure(workload: Workload, options: SpeedOptions): Promise<Row> {
  const all: Measured[] = [];
  for (let i = 0; i < options.repeats; i++)
    all.push(
      await inFolder(async (folder) =>
        JSON.parse((await child(workload, { folder, nodeOptions: options.nodeOptions })) ?? ''),
      ),
    );
  const rates = all.map(({ tasks, seconds }) => tasks / seconds);
  const latencies = all.flatMap(({ latenciesMs }) => latenciesMs ?? []);
  const seconds = median(all.map((one) => one.seconds));
  const killable = options.kills && workload.http !== true;
  const row = {
    peer: 'fanfold',
    version: options.version,
    workload: workload.workload,
    params: workload.params,
    seconds: rounded(seconds, 3) as number,
    tasks_per_s: rounded(median(rates), 1),
    p50_ms: rounded(percentile(latencies, 0.5), 3),
    p99_ms: rounded(percentile(latencies, 0.99), 2),
    max_ms: rounded(percentile(latencies, 1), 2),
    rss_mb: rounded(median(all.map(({ rssMb }) => rssMb ?? Number.NaN)), 1),
    durable,
    load1: rounded(loadavg()[0] ?? 0) as number,
    runs: all.length,
    rates: rates.map(Math.round),
    again: killable ? await givenAgain(workload, seconds) : '',
    ...(all[0]?.extra && { extra: all[0].extra }),
  } as const;
  const { aim } = workload;
  const value = aim && aim.figure in row ? row[aim.figure as 'p50_ms'] : null;
  return { ...row, ...judged(aim, value) };
}
