import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { PORT_USUAL, type Serving, serveApi } from '../../src/api/serve.ts';
import { Client } from '../../src/client/client.ts';
import type { Fanfold } from '../../src/client/fanfold.ts';
import { followEvents } from '../../src/client/follow.ts';
import { type RunEvent, ulidPattern } from '../../src/contract/api.ts';
import { Problem } from '../../src/contract/problem.ts';
import type { Workflow } from '../../src/contract/workflow.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { fakeEngine, RUN, summary, view } from './fake-engine.ts';

const workflow: Workflow = { name: 'hello', tasks: [{ id: 'a', run: { kind: 'none' } }] };
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function serve(over: Partial<Engine> = {}, port = 0): Promise<Serving> {
  const serving = await serveApi(fakeEngine(over), { port });
  open.push(serving);
  return serving;
}

const event = (id: string, name: RunEvent['event']): RunEvent => ({ id, at: 0, event: name });

/** Answers one value a call, the last one for ever. */
function oneByOne<T>(...values: T[]): () => Promise<T> {
  let at = 0;
  return async () => values[Math.min(at++, values.length - 1)] as T;
}

/** A server of our own making: answers each request by the next of these. */
async function scripted(
  ...answers: ((server: Server) => { status: number; body: string } | 'cut')[]
) {
  let at = 0;
  const bodies: string[] = [];
  const keys: unknown[] = [];
  const server = createServer((incoming, outgoing) => {
    keys.push(incoming.headers['idempotency-key']);
    const answer = answers[Math.min(at++, answers.length - 1)]?.(server);
    let body = '';
    incoming.on('data', (chunk) => {
      body += chunk;
    });
    incoming.on('end', () => {
      bodies.push(body);
      if (answer === 'cut' || answer === undefined) return incoming.socket.destroy();
      return outgoing
        .writeHead(answer.status, { 'content-type': 'application/json' })
        .end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => server.closeAllConnections() ?? server.close() });
  const client = new Client({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sleep: async () => undefined,
  });
  return { client, bodies, keys, calls: () => at };
}

describe('the server', () => {
  test('it listens on the loopback address and tells where', async () => {
    const { url, port } = await serve();
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('a port that was given is taken or refused', async () => {
    const { port } = await serve();
    await expect(serveApi(fakeEngine(), { port })).rejects.toThrow(`port ${port} is taken`);
  });

  test('without a given port it moves on from the usual one', async () => {
    const first = await serveApi(fakeEngine());
    const second = await serveApi(fakeEngine());
    open.push(first, second);
    expect(first.port).toBeGreaterThanOrEqual(PORT_USUAL);
    expect(second.port).toBeGreaterThan(first.port);
  });

  test('closing cuts off who still waits', async () => {
    const never = () => new Promise<never>(() => undefined);
    const serving = await serveApi(fakeEngine({ events: never }), { port: 0 });
    const waiting = fetch(`${serving.url}/v1/runs/${RUN}/events?wait=25`).catch(() => 'cut off');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await serving.close();
    expect(await waiting).toBe('cut off');
  });

  test('a foreign Host is refused on the wire too', async () => {
    const { port } = await serve();
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'evil.example' };
      const asked = request({ port, host: '127.0.0.1', path: '/v1/runs', headers }, (answer) => {
        resolve(answer.statusCode);
        answer.resume();
      });
      asked.on('error', reject).end();
    });
    expect(status).toBe(403);
  });

  test('bytes that are no HTTP, and a body that breaks off, leave it standing', async () => {
    const { port, url } = await serve();
    for (const bytes of [
      '\u0000\u0001nonsense\r\n\r\n',
      'POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a"',
    ]) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
        socket
          .on('close', () => resolve())
          .on('error', () => resolve())
          .resume();
      });
    }
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

describe('a stream of events', () => {
  const page = { items: [event('1', 'start'), event('2', 'ended')], next: 'c2' };
  const textOf = async (over: Partial<Engine>, headers: Record<string, string> = {}) => {
    const { url } = await serve(over);
    const accept = { accept: 'text/event-stream', ...headers };
    const answer = await fetch(`${url}/v1/runs/${RUN}/events`, { headers: accept });
    return { status: answer.status, text: await answer.text() };
  };

  test('it ends with the run; the cursor goes with the last event of a page', async () => {
    const { text } = await textOf({
      events: oneByOne(page),
      run: async () => view({ state: 'failed' }),
    });
    expect(text).toBe(
      `event: start\ndata: ${JSON.stringify(page.items[0])}\n\nid: c2\nevent: ended\ndata: ${JSON.stringify(page.items[1])}\n\n`,
    );
  });

  test('who comes back after the end is told not to come again', async () => {
    const asked: unknown[] = [];
    const events = async (_: string, query: unknown) => {
      asked.push(query);
      return { items: [], next: 'c2' };
    };
    const over = { events, run: async () => view({ state: 'succeeded' }) };
    expect((await textOf(over, { 'last-event-id': 'c2' })).status).toBe(204);
    expect(asked).toEqual([{ after: 'c2', waitMs: 0 }]);
  });
});

describe('the client', () => {
  test('its calls reach the engine as they were made', async () => {
    const engine = fakeEngine();
    const serving = await serveApi(engine, { port: 0 });
    open.push(serving);
    const client = new Client({ url: serving.url });
    await client.submit({ workflow, id: RUN, input: { a: 1 } });
    await client.submitMany({ workflow, runs: [{ id: RUN }] });
    await client.runs({ state: 'failed', limit: 3 });
    await client.run(RUN);
    await client.tasks(RUN, { state: 'running' });
    await client.task(RUN, 'a[1]/b');
    await client.events(RUN, { after: 'c', waitMs: 1500 });
    await client.logs({ run: RUN, task: 'a', attempt: 2 });
    await client.control(RUN, { action: 'cancel', reason: 'x' }, 'k');
    await client.control(RUN, { action: 'rerun', tasks: ['a'] });
    expect(engine.calls).toEqual([
      ['submit', { workflow, id: RUN, input: { a: 1 } }],
      ['submitMany', { workflow, runs: [{ id: RUN }] }],
      ['runs', { state: 'failed', limit: 3 }],
      ['run', RUN],
      ['tasks', RUN, { state: 'running', limit: 100 }],
      ['task', RUN, 'a[1]/b'],
      ['events', RUN, { after: 'c', waitMs: 1500 }],
      ['logs', { run: RUN, task: 'a', attempt: 2, limit: 1000 }],
      ['control', RUN, { action: 'cancel', reason: 'x' }, 'k'],
      ['control', RUN, { action: 'rerun', tasks: ['a'] }, expect.stringMatching(ulidPattern)],
    ]);
  });

  test('refusals come back as they were thrown', async () => {
    const details = [{ pointer: '/tasks/0', message: 'needs itself' }];
    const submit = async () => {
      throw new Problem('workflow-invalid', 'a cycle', details);
    };
    const client = new Client({ url: (await serve({ submit })).url });
    const error = await client.submit({ workflow }).catch((caught) => caught);
    expect(error).toBeInstanceOf(Problem);
    expect([error.code, error.message, error.details]).toEqual([
      'workflow-invalid',
      'a cycle',
      details,
    ]);
  });

  test('a connection that cannot be made is told with its reason', async () => {
    // `fetch` never asks at this port, which is another service's.
    const client = new Client({ url: 'http://127.0.0.1:9', sleep: async () => undefined });
    const error = await client.runs({}).catch((caught) => caught);
    expect(error.message).toBe('the connection to http://127.0.0.1:9 failed (bad port)');
  });

  test('when nothing listens it says where, and what to do', async () => {
    const { url, close } = await serveApi(fakeEngine(), { port: 0 });
    await close();
    const client = new Client({ url });
    const error = await client.runs({}).catch((caught) => caught);
    expect([error.code, error.message]).toEqual([
      'server-unreachable',
      expect.stringContaining('npx fanfold serve'),
    ]);
    expect(await client.isAlive()).toBe(false);
  });

  test('a submit whose answer was lost is sent again under the same id', async () => {
    const answer = { status: 202, body: JSON.stringify(summary()) };
    const { client, bodies } = await scripted(
      () => 'cut',
      () => answer,
    );
    await client.submit({ workflow });
    expect(bodies).toHaveLength(2);
    expect(JSON.parse(bodies[0] ?? '').id).toBe(JSON.parse(bodies[1] ?? '').id);
  });

  test('a control whose answer was lost is sent again under the same key', async () => {
    const answer = { status: 202, body: JSON.stringify(summary()) };
    const { client, keys } = await scripted(
      () => 'cut',
      () => answer,
    );
    await client.control(RUN, { action: 'rerun' });
    expect(keys).toEqual([expect.stringMatching(ulidPattern), keys[0]]);
  });

  test('a server that is busy is asked again, but not for ever', async () => {
    const busy = { status: 503, body: JSON.stringify({ code: 'unavailable', detail: 'busy' }) };
    const fine = { status: 200, body: '{"items":[],"next":null}' };
    const soon = await scripted(
      () => busy,
      () => busy,
      () => fine,
    );
    expect(await soon.client.runs({})).toEqual({ items: [], next: null });
    const never = await scripted(() => busy);
    await expect(never.client.runs({})).rejects.toThrow('busy');
    expect(never.calls()).toBe(4);
  });

  test('a wait longer than a server grants is made of several', async () => {
    const { client, calls } = await scripted(
      () => ({ status: 200, body: JSON.stringify(summary()) }),
      () => ({ status: 200, body: JSON.stringify(summary({ state: 'succeeded' })) }),
    );
    expect((await client.end(RUN, 60_000)).state).toBe('succeeded');
    expect(calls()).toBe(2);
  });

  test('a server that has answered before is waited for while it restarts', async () => {
    const first = await serveApi(fakeEngine(), { port: 0 });
    let tries = 0;
    const restart = async () => {
      if (++tries === 6) open.push(await serveApi(fakeEngine(), { port: first.port }));
    };
    const client = new Client({ url: first.url, sleep: restart });
    await client.run(RUN);
    await first.close();
    expect((await client.run(RUN)).id).toBe(RUN);
    expect(tries).toBe(6);
  });

  test('an answer that is not ours is told as such', async () => {
    const { client } = await scripted(() => ({ status: 200, body: '<html>login</html>' }));
    await expect(client.runs({})).rejects.toThrow('not JSON: <html>login</html>');
  });
});

test('an engine in this process answers what a client asks', async () => {
  const fanfold: Fanfold = fakeEngine();
  expect((await fanfold.run(RUN)).id).toBe(RUN);
});

describe('following a run', () => {
  test('each event comes once, over ends and reruns, until the run has ended', async () => {
    const pages = [
      { items: [event('1', 'start'), event('2', 'ended')], next: 'a' },
      { items: [event('2', 'ended'), event('3', 'control')], next: 'b' },
      { items: [], next: 'b' },
      { items: [event('4', 'ended')], next: 'c' },
      { items: [event('4', 'ended'), event('5', 'success')], next: 'd' },
      { items: [], next: 'd' },
    ];
    const run = oneByOne(view(), view(), view({ state: 'succeeded' }));
    const ids: string[] = [];
    for await (const { id } of followEvents({ events: oneByOne(...pages), run }, RUN)) ids.push(id);
    expect(ids).toEqual(['1', '2', '3', '4', '5']);
  });

  test('a signal ends it while it waits', async () => {
    const stop = new AbortController();
    const never = () => new Promise<never>(() => undefined);
    const following = followEvents({ events: never, run: async () => view() }, RUN, {
      signal: stop.signal,
    });
    const first = following.next();
    stop.abort();
    expect(await first).toEqual({ done: true, value: undefined });
  });
});
