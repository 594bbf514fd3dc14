/** A run's events over HTTP: pages with a wait, or a stream of server-sent events. */
import { isEnded } from '../contract/state.ts';
import type { Engine } from '../engine/engine.ts';
import { json } from './route.ts';

const STREAM_WAIT_MS = 15_000;

export interface EventsQuery {
  readonly after?: string | undefined;
  readonly wait: number;
}

const cursor = (after: string | undefined) => (after === undefined ? {} : { after });

export async function eventsPage(engine: Engine, id: string, query: EventsQuery) {
  return json(await engine.events(id, { ...cursor(query.after), waitMs: query.wait * 1000 }));
}

/**
 * Server-sent events. Only the last event of a page carries an `id:`, the page's cursor, so that a client that was cut off within a page
 * gets all of it again: at least once, as promised. Ends when the run has ended; 204 tells a client not to come again.
 */
export async function eventsStream(
  engine: Engine,
  id: string,
  after: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const first = await engine.events(id, { ...cursor(after), waitMs: 0 });
  if (first.items.length === 0 && isEnded((await engine.run(id)).state)) {
    return new Response(null, { status: 204 });
  }
  const stream = ReadableStream.from(encoded(frames(engine, id, first, signal)));
  return new Response(stream, {
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    },
  });
}

type EventPage = Awaited<ReturnType<Engine['events']>>;

function frameOf(page: EventPage): string {
  const last = page.items.length - 1;
  return page.items
    .map((event, index) => {
      const mark = index === last && page.next !== null ? `id: ${page.next}\n` : '';
      return `${mark}event: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`;
    })
    .join('');
}

async function* frames(engine: Engine, id: string, first: EventPage, signal: AbortSignal) {
  let page = first;
  while (!signal.aborted) {
    // A comment tells proxies and the client that we are still here.
    yield page.items.length === 0 ? ': still here\n\n' : frameOf(page);
    const mayBeOver = page.items.length === 0 || page.items.at(-1)?.event === 'ended';
    if (mayBeOver && isEnded((await engine.run(id)).state)) return;
    page = await engine.events(id, { ...cursor(page.next ?? undefined), waitMs: STREAM_WAIT_MS });
  }
}

async function* encoded(texts: AsyncIterable<string>) {
  const encoder = new TextEncoder();
  for await (const text of texts) yield encoder.encode(text);
}
