import type { PageOf } from '../contract/api.ts';
import { Problem } from '../contract/problem.ts';
import type { LogLine, LogSearch } from '../ports/log-sink.ts';
import type { Ports } from '../ports/ports.ts';

/** A page may be short, or empty, and have a next one: a call looks at only so much. */
export async function searchLogs(
  { logs }: Pick<Ports, 'logs'>,
  query: LogSearch,
): Promise<PageOf<LogLine>> {
  if (logs.search === undefined)
    throw new Problem('route-unknown', 'logs are not searched here; read those of a run');
  const { lines, next } = await logs.search(query);
  return { items: lines, next: next ?? null };
}
