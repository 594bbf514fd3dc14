/** What the peers' harnesses measured, or measure now. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { figure } from './row.ts';

interface PeerRow {
  readonly peer: string;
  readonly workload: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly tasks_per_s: number | null;
  readonly p50_ms: number | null;
  readonly rss_mb: number | null;
  readonly seconds: number;
  readonly durable: string;
}

/** Answers before it is durable, or keeps nothing. */
const isDurable = ({ durable, params }: PeerRow): boolean =>
  !/^none|everysec/.test(durable) && params.as !== 'local activities';

/** By workload, the best figure of those that lose nothing that they have answered for. */
export function bestPeers(folder: string): ReadonlyMap<string, string> {
  const file = join(folder, 'results.jsonl');
  const best = new Map<string, PeerRow>();
  if (existsSync(file))
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (!line.startsWith('{')) continue;
      const row = JSON.parse(line) as PeerRow;
      const known = best.get(row.workload);
      if (isDurable(row) && (known === undefined || goodness(row) > goodness(known)))
        best.set(row.workload, row);
    }
  return new Map([...best].map(([workload, row]) => [workload, textOf(row)]));
}

/** Chains are compared by their hops, idle servers by their memory, the others by their rates. */
function goodness({ workload, tasks_per_s, p50_ms, rss_mb }: PeerRow): number {
  if (workload.startsWith('W5')) return -(rss_mb ?? Number.POSITIVE_INFINITY);
  if (workload.startsWith('W3')) return -(p50_ms ?? Number.POSITIVE_INFINITY);
  return tasks_per_s ?? 0;
}

function textOf({ peer, workload, tasks_per_s, p50_ms, rss_mb, seconds }: PeerRow): string {
  if (workload.startsWith('W5')) return `${peer} ${figure(rss_mb)} MB, ${figure(seconds)} s`;
  if (workload.startsWith('W3')) return `${peer} ${figure(p50_ms)} ms`;
  return `${peer} ${figure(tasks_per_s)}/s`;
}

/** Runs the harnesses of these peers, where they are installed; their rows are printed, and appended to their results. */
export function measurePeers(folder: string, peers: readonly string[]): void {
  for (const peer of peers) {
    if (!existsSync(join(folder, peer, 'node_modules')))
      console.log(`${peer} is not installed in ${folder}`);
    else execFileSync(join(folder, 'run.sh'), [peer], { stdio: 'inherit' });
  }
}
