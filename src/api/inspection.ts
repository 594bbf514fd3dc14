/** Reading: runs, tasks, events, logs. */

import type * as z from 'zod';
import { ulidPattern } from '../contract/api.ts';
import { Problem } from '../contract/problem.ts';
import type { LogLine } from '../ports/log-sink.ts';
import { type EventsQuery, eventsPage, eventsStream } from './events.ts';
import type { EventsParams, LogsParams, RunParams, RunsParams, TasksParams } from './queries.ts';
import { given } from './queries.ts';
import { type Call, json } from './route.ts';

/** The run id of the path. What cannot be an id is no run, so the engine is not asked. */
export function runOf(call: Call<never> | Call): string {
  const id = call.param('id');
  if (!ulidPattern.test(id)) throw new Problem('run-unknown', `no run ${id.slice(0, 64)}`);
  return id;
}

/** Each item with the fields that were asked for, if any were. A name that none has is none. */
function withFields(items: readonly object[], query: unknown): readonly object[] {
  const { fields } = (query ?? {}) as { readonly fields?: string };
  if (fields === undefined) return items;
  const names = new Set(fields.split(','));
  const isAsked = ([name]: [string, unknown]) => names.has(name);
  return items.map((item) => Object.fromEntries(Object.entries(item).filter(isAsked)));
}

/** A page with a link to the next one, in which all other parameters stay as they are. */
export function paged<T extends object>(
  call: Call<never>,
  whole: { items: readonly T[]; next: string | null },
): Response {
  const page = { ...whole, items: withFields(whole.items, call.query) };
  if (page.next === null) return json(page);
  const url = new URL(call.request.url);
  url.searchParams.set('after', page.next);
  return json(page, 200, { link: `<${url.pathname}${url.search}>; rel="next"` });
}

/** What the engine is asked: how much of each item is told is no matter of it. */
const asked = <T extends { fields?: unknown }>({ fields: _, ...query }: T) => given(query);

type Of<Schema extends z.ZodType> = Call<z.infer<Schema>>;

export async function listRuns(call: Of<typeof RunsParams>): Promise<Response> {
  return paged(call as Call<never>, await call.engine.runs(asked(call.query)));
}

/** A client that hangs up meanwhile costs a timer; nothing is held for it. */
export async function getRun(call: Of<typeof RunParams>): Promise<Response> {
  const { engine, request } = call;
  const id = runOf(call);
  if (call.query.wait > 0 && request.method !== 'HEAD')
    await engine.end(id, call.query.wait * 1000);
  return json(await engine.run(id));
}

export async function listTasks(call: Of<typeof TasksParams>): Promise<Response> {
  const page = await call.engine.tasks(runOf(call), asked(call.query));
  return paged(call as Call<never>, page);
}

const wantsStream = (request: Request): boolean =>
  request.method === 'GET' && (request.headers.get('accept') ?? '').includes('text/event-stream');

export async function listEvents(call: Of<typeof EventsParams>): Promise<Response> {
  const { engine, request } = call;
  const query: EventsQuery = call.query;
  if (!wantsStream(request)) {
    const wait = request.method === 'HEAD' ? 0 : query.wait;
    return eventsPage(engine, runOf(call), { ...query, wait });
  }
  const after = request.headers.get('last-event-id') ?? query.after;
  return eventsStream(engine, runOf(call), after, request.signal);
}

const wantsText = (request: Request): boolean =>
  (request.headers.get('accept') ?? '').startsWith('text/plain');

const lineOf = (line: LogLine): string => `${line.task}[${line.attempt}] ${line.text}\n`;

export async function readLogs(call: Of<typeof LogsParams>): Promise<Response> {
  const run = runOf(call);
  const page = await call.engine.logs({ run, ...given(call.query) });
  if (!wantsText(call.request)) return json(page);
  const text = page.lines.map(call.query.task === undefined ? lineOf : (line) => `${line.text}\n`);
  return new Response(text.join(''), {
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'fanfold-next': page.next,
    },
  });
}
