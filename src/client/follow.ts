/** Following a run while it happens. */
import type { RunEvent } from '../contract/api.ts';
import { isEnded } from '../contract/state.ts';
import type { Fanfold, LogLine } from './fanfold.ts';

export interface FollowOptions {
  /** A cursor; default: from the beginning. */
  readonly after?: string;
  /** Stops the iteration; it ends without an error. */
  readonly signal?: AbortSignal;
  readonly waitMs?: number;
  /** Sleeps so long after a page that is not full, so that a busy run is asked seldom for much. Default: never. */
  readonly pace?: () => Promise<void>;
}

/** Pages with as many events are followed by the next at once: they are about as long as pages get. */
const FULL_PAGE = 1000;
const WAIT_MS = 20_000;

export const stopped = Symbol('stopped');

/** What `promise` becomes, or `stopped` once the signal says so. */
export function unless<T>(
  signal: AbortSignal | undefined,
  promise: Promise<T>,
): Promise<T | typeof stopped> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(stopped);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

const cursor = (after: string | undefined) => (after === undefined ? {} : { after });

/** Asked after an end, or when nothing came for long. A rerun may follow an end, so the run itself is asked. */
async function isLast(
  fanfold: Pick<Fanfold, 'run'>,
  id: string,
  events: readonly RunEvent[],
): Promise<boolean> {
  const mayBe = events.length === 0 || events.at(-1)?.event === 'ended';
  return mayBe && isEnded((await fanfold.run(id)).state);
}

async function paced(events: number, { pace, signal }: FollowOptions): Promise<void> {
  if (pace !== undefined && events < FULL_PAGE) await unless(signal, pace());
}

/**
 * The events of a run, a page at a time, each event once, until the run has ended. Goes on where it was after a lost
 * connection, as the calls below it do.
 */
export async function* followPages(
  fanfold: Pick<Fanfold, 'events' | 'run'>,
  id: string,
  options: FollowOptions = {},
): AsyncGenerator<readonly RunEvent[]> {
  const { signal, waitMs = WAIT_MS } = options;
  const seen = new Set<string>();
  let after = options.after;
  let isOver = false;
  while (true) {
    const query = { ...cursor(after), waitMs: isOver ? 0 : waitMs };
    const page = await unless(signal, fanfold.events(id, query));
    if (page === stopped) return;
    const fresh = page.items.filter((event) => !seen.has(event.id) && seen.add(event.id));
    if (fresh.length > 0) yield fresh;
    after = page.next ?? after;
    if (isOver && page.items.length === 0) return;
    isOver ||= await isLast(fanfold, id, page.items);
    await paced(page.items.length, options);
  }
}

/** The events of a run, each once, until it has ended. */
export async function* followEvents(
  fanfold: Pick<Fanfold, 'events' | 'run'>,
  id: string,
  options: FollowOptions = {},
): AsyncGenerator<RunEvent> {
  for await (const events of followPages(fanfold, id, options)) yield* events;
}

export interface FollowLogsOptions {
  readonly task?: string;
  readonly attempt?: number;
  /** Goes on until the run has ended; otherwise ends with what is there. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
  readonly sleep: (ms: number) => Promise<void>;
}

const LOG_PAGE_LINES = 1000;
const LOG_POLL_MS = 300;

/** The lines that tasks of a run print, a page at a time. */
export async function* followLogs(
  fanfold: Pick<Fanfold, 'logs' | 'run'>,
  run: string,
  { follow = false, signal, sleep, ...filter }: FollowLogsOptions,
): AsyncGenerator<readonly LogLine[]> {
  let after: string | undefined;
  let isLast = !follow;
  while (signal?.aborted !== true) {
    const page = await fanfold.logs({ run, ...filter, limit: LOG_PAGE_LINES, ...cursor(after) });
    after = page.next;
    if (page.lines.length > 0) yield page.lines;
    else if (isLast) return;
    else {
      // Lines come before the end of what prints them, so one more look after the run's end sees them all.
      isLast = isEnded((await fanfold.run(run)).state);
      if (!isLast) await unless(signal, sleep(LOG_POLL_MS));
    }
  }
}
