import { describe, expect, test } from '@jest/globals';
import { type AppOptions, createApp } from '../../src/api/app.ts';
import { idOfKey } from '../../src/api/idempotency.ts';
import { routes } from '../../src/api/routes.ts';
import { type SubmitRequest, ulidPattern } from '../../src/contract/api.ts';
import { Problem } from '../../src/contract/problem.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { Unavailable } from '../../src/ports/table.ts';
import { processorTime } from '../support/processor-time.ts';
import { type FakeEngine, fakeEngine, RUN, summary, view } from './fake-engine.ts';

const workflow = { name: 'hello', tasks: [{ id: 'a', run: { kind: 'none' } }] };

interface Tried {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

function server(over: Partial<Engine> = {}, options: AppOptions = {}) {
  const engine: FakeEngine = fakeEngine(over);
  const app = createApp(engine, options);
  const ask = async (path: string, init: RequestInit = {}): Promise<Tried> => {
    const response = await app.request(path, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
    const body = isJson ? JSON.parse(text) : {};
    return { status: response.status, headers: response.headers, body, text };
  };
  const send = (
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ) =>
    ask(path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return { engine, ask, send, post: (path: string, body: unknown) => send('POST', path, body) };
}

describe('code', () => {
  const hash = 'a'.repeat(64);

  test('is offered by its hash, and put as bytes', async () => {
    const { post, ask, engine } = server();
    expect(await post('/v1/code', { blob: hash, size: 3 })).toMatchObject({
      status: 200,
      body: { there: false },
    });
    const init = { method: 'PUT', body: new Uint8Array([1, 2, 3]) };
    expect(await ask(`/v1/code/${hash}`, init)).toMatchObject({
      status: 201,
      body: { blob: hash, size: 3 },
    });
    expect(engine.calls).toEqual([
      ['offerCode', { blob: hash, size: 3 }],
      ['putCode', hash, new Uint8Array([1, 2, 3])],
    ]);
  });

  test('under no hash is refused', async () => {
    const { post, ask } = server();
    expect(await ask('/v1/code/x', { method: 'PUT', body: 'x' })).toMatchObject({ status: 400 });
    expect(await post('/v1/code', { blob: 'x', size: 0 })).toMatchObject({ status: 400 });
    expect(await post('/v1/runs', { workflow, code: { blob: 'x', size: 1 } })).toMatchObject({
      status: 400,
    });
  });
});

describe('submits', () => {
  test('a run is accepted, with the place where it is found', async () => {
    const { post, engine } = server();
    const answer = await post('/v1/runs', { workflow, input: { day: 'x' }, tags: ['t'] });
    expect([answer.status, answer.headers.get('location')]).toEqual([202, `/v1/runs/${RUN}`]);
    expect(engine.calls).toEqual([['submit', { workflow, input: { day: 'x' }, tags: ['t'] }]]);
  });

  test('an Idempotency-Key stands for one run id, whatever is asked', async () => {
    const { send, engine } = server();
    const headers = { 'idempotency-key': 'order-17' };
    const answer = await send('POST', '/v1/runs', { workflow }, headers);
    expect(answer.body.id).toBe(idOfKey('order-17'));
    expect(engine.calls[0]).toEqual(['submit', { workflow, id: idOfKey('order-17') }]);
    expect(idOfKey('order-17')).toMatch(ulidPattern);
    expect(idOfKey('order-18')).not.toBe(idOfKey('order-17'));
  });

  test('a repeated submit says that it is a replay', async () => {
    const { post } = server({ submit: async () => ({ run: summary(), created: false }) });
    const answer = await post('/v1/runs', { workflow });
    expect([answer.status, answer.headers.get('idempotent-replay')]).toEqual([202, 'true']);
  });

  test('a key that comes again with another body is refused in words of keys', async () => {
    const exists = async () => {
      throw new Problem('run-exists', 'another run has this id');
    };
    const { send } = server({ submit: exists, submitMany: exists });
    const headers = { 'idempotency-key': 'k' };
    const one = await send('POST', '/v1/runs', { workflow }, headers);
    const many = await send('POST', '/v1/runs:batch', { workflow, runs: [{}] }, headers);
    expect([one.status, one.body.code]).toEqual([422, 'key-reused']);
    expect([many.status, many.body.code]).toEqual([422, 'key-reused']);
    expect((await send('POST', '/v1/runs', { workflow })).body.code).toBe('run-exists');
  });

  test('a key and an id together are refused', async () => {
    const answer = await server().send(
      'POST',
      '/v1/runs',
      { workflow, id: RUN },
      { 'idempotency-key': 'k' },
    );
    expect([answer.status, answer.body.code]).toEqual([400, 'body-invalid']);
  });

  test('PUT takes the id from the path', async () => {
    const { send, engine } = server();
    expect((await send('PUT', `/v1/runs/${RUN}`, { workflow })).status).toBe(202);
    expect(engine.calls[0]).toEqual(['submit', { workflow, id: RUN }]);
    expect((await send('PUT', `/v1/runs/${RUN}`, { workflow, id: RUN })).status).toBe(202);
    const other = { workflow, id: RUN.replace('Q', 'R') };
    expect((await send('PUT', `/v1/runs/${RUN}`, other)).status).toBe(400);
  });

  test('many runs are answered with their ids alone', async () => {
    const { post, engine } = server();
    const answer = await post('/v1/runs:batch', {
      workflow,
      runs: [{ id: RUN }, { input: { n: 1 } }],
    });
    expect([answer.status, answer.body]).toEqual([202, { ids: [RUN, RUN] }]);
    expect(engine.calls[0]?.[1]).toEqual({ workflow, runs: [{ id: RUN }, { input: { n: 1 } }] });
  });

  test.each([
    ['no runs', { workflow, runs: [] }, '/runs'],
    ['no list', { workflow, runs: {} }, '/runs'],
    ['too many', { workflow, runs: Array(10_001).fill({}) }, '/runs'],
    ['a bad id', { workflow, runs: [{}, { id: 'x' }] }, '/runs/1/id'],
    ['an id twice', { workflow, runs: [{ id: RUN }, { id: RUN }] }, '/runs/1/id'],
    ['a list as input', { workflow, runs: [{ input: [] }] }, '/runs/0/input'],
    ['an unknown field', { workflow, runs: [{ inputs: {} }] }, '/runs/0/inputs'],
    ['a number as run', { workflow, runs: [1] }, '/runs/0'],
    [
      'a bad workflow',
      { workflow: { name: 'x', tasks: [{ id: 'a b' }] }, runs: [{}] },
      '/workflow/tasks/0',
    ],
  ])('of many runs, %s is refused at its place', async (_, body, pointer) => {
    const { post, engine } = server();
    const answer = await post('/v1/runs:batch', body);
    expect([400, 422]).toContain(answer.status);
    const { errors } = answer.body as { errors: { pointer: string }[] };
    expect(errors[0]?.pointer).toContain(pointer);
    expect(engine.calls).toEqual([]);
  });

  test('ten thousand runs are checked in a moment', async () => {
    const { post } = server();
    const runs = Array.from({ length: 10_000 }, (_, n) => ({ input: { n } }));
    const taken = processorTime();
    expect((await post('/v1/runs:batch', { workflow, runs })).status).toBe(202);
    expect(taken()).toBeLessThan(2000);
  });
});

describe('hostile bodies', () => {
  const deep = (open: string, close: string) => `${open.repeat(200)}${close.repeat(200)}`;
  test.each([
    ['no JSON', '{"workflow":\n  nope}', 400, 'body-invalid'],
    ['nothing', '', 400, 'body-invalid'],
    ['half of it', '{"workflow"', 400, 'body-invalid'],
    ['null', 'null', 400, 'body-invalid'],
    ['a list', '[]', 400, 'body-invalid'],
    ['deep lists', deep('[', ']'), 400, 'body-invalid'],
    ['a million brackets', '['.repeat(1_000_000), 400, 'body-invalid'],
    ['deep objects', deep('{"a":', '}'), 400, 'body-invalid'],
    [
      'a prototype as field',
      `{"workflow":${JSON.stringify(workflow)},"__proto__":{"x":1}}`,
      400,
      'body-invalid',
    ],
    ['an unknown field', { workflow, wrkflow: 1 }, 400, 'body-invalid'],
    ['an input that is a list', { workflow, input: [1] }, 400, 'body-invalid'],
    ['a number as workflow', { workflow: 7 }, 422, 'workflow-invalid'],
    ['no workflow', {}, 400, 'body-invalid'],
    ['an id in lower case', { workflow, id: RUN.toLowerCase() }, 400, 'body-invalid'],
    [
      'an id that is too large',
      { workflow, id: '8ZZZZZZZZZZZZZZZZZZZZZZZZZ' },
      400,
      'body-invalid',
    ],
  ])('%s is refused', async (_, body, status, code) => {
    const { post, engine } = server();
    const answer = await post('/v1/runs', body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
    expect(engine.calls).toEqual([]);
  });

  test('brackets in strings are no depth', async () => {
    const input = { text: `${'['.repeat(500)}"\\` };
    expect((await server().post('/v1/runs', { workflow, input })).status).toBe(202);
  });

  test('prototype keys in an input reach the engine as plain data', async () => {
    const { post, engine } = server();
    const body = `{"workflow":${JSON.stringify(workflow)},"input":{"__proto__":{"admin":true},"constructor":1}}`;
    expect((await post('/v1/runs', body)).status).toBe(202);
    const { input } = (engine.calls[0] ?? [])[1] as { input: object };
    expect(Object.keys(input)).toEqual(['__proto__', 'constructor']);
    expect((input as { admin?: boolean }).admin).toBeUndefined();
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test('a mistake in JSON is shown with its line', async () => {
    const { body } = await server().post('/v1/runs', '{"input": 1,\n  nope}');
    expect(body.errors).toEqual([expect.objectContaining({ line: 2, column: 3 })]);
  });

  test('bytes that are not UTF-8 are refused', async () => {
    const { ask } = server();
    const headers = { 'content-type': 'application/json' };
    const bytes = new Uint8Array([0x22, 0xff, 0xfe, 0x22]);
    const answer = await ask('/v1/runs', { method: 'POST', headers, body: bytes });
    expect([answer.status, answer.body.code]).toEqual([400, 'body-invalid']);
  });

  test.each([
    ['announced', { 'content-length': '2000' }],
    ['not announced', {}],
  ])('a body over the limit is refused, its length %s', async (_, headers) => {
    const { send } = server({}, { bodyBytesMax: 1000 });
    const answer = await send(
      'POST',
      '/v1/runs',
      `"${'x'.repeat(1998)}"`,
      headers as Record<string, string>,
    );
    expect([answer.status, answer.body.code]).toEqual([413, 'body-too-large']);
    expect(answer.body.detail).toContain('1000 bytes');
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'content type %s is refused, as a page could send it without asking',
    async (type) => {
      const answer = await server().send('POST', '/v1/runs', '{}', { 'content-type': type });
      expect([answer.status, answer.body.code]).toEqual([415, 'content-type-unknown']);
    },
  );
});

describe('reading', () => {
  test('filters reach the engine, checked and with their usual values', async () => {
    const { ask, engine } = server();
    expect((await ask('/v1/runs?state=failed&limit=7')).status).toBe(200);
    expect((await ask('/v1/runs')).status).toBe(200);
    expect(engine.calls).toEqual([
      ['runs', { state: 'failed', limit: 7 }],
      ['runs', { limit: 50 }],
    ]);
  });

  test.each(['state=nope', 'limit=0', 'limit=x', 'limit=1001', 'colour=red', '__proto__=x'])(
    'the query ?%s is refused',
    async (query) => {
      const answer = await server().ask(`/v1/runs?${query}`);
      expect([answer.status, answer.body.code]).toEqual([400, 'body-invalid']);
    },
  );

  test('a page links to the next one', async () => {
    const { ask } = server({ runs: async () => ({ items: [], next: 'a/b' }) });
    const answer = await ask('/v1/runs?state=failed');
    expect(answer.headers.get('link')).toBe('</v1/runs?state=failed&after=a%2Fb>; rel="next"');
  });

  test.each(['nope', '01jd8k7qzzzzzzzzzzzzzzzzzz', '..%2F..%2Fetc', '%00', '9'.repeat(500)])(
    'the id %s is no run, and the engine is not asked',
    async (id) => {
      const { ask, engine } = server();
      expect((await ask(`/v1/runs/${id}`)).body.code).toBe('run-unknown');
      expect(engine.calls).toEqual([]);
    },
  );

  test('a task is found by its encoded id', async () => {
    const { ask, engine } = server();
    await ask(`/v1/runs/${RUN}/tasks/${encodeURIComponent('clean[3]/a%b')}`);
    // As a gateway hands it on.
    await ask(`/v1/runs/${RUN}/tasks/clean[3]/a%25b`);
    const asked = ['task', RUN, 'clean[3]/a%b'];
    expect(engine.calls).toEqual([asked, asked]);
  });

  test('waiting for events is bounded, and HEAD does not wait', async () => {
    const { ask, engine } = server();
    await ask(`/v1/runs/${RUN}/events?after=c1&wait=2.5`);
    const head = await ask(`/v1/runs/${RUN}/events?wait=25`, { method: 'HEAD' });
    expect((await ask(`/v1/runs/${RUN}/events?wait=26`)).status).toBe(400);
    expect([head.status, head.text]).toEqual([200, '']);
    expect(engine.calls).toEqual([
      ['events', RUN, { after: 'c1', waitMs: 2500 }],
      ['events', RUN, { waitMs: 0 }],
    ]);
  });

  test('waiting for a run is bounded and checked', async () => {
    const { ask, engine } = server();
    expect((await ask(`/v1/runs/${RUN}?wait=20`)).status).toBe(200);
    expect((await ask(`/v1/runs/${RUN}?wait=26`)).status).toBe(400);
    expect((await ask(`/v1/runs/${RUN}`)).status).toBe(200);
    expect(engine.calls).toEqual([
      ['end', RUN, 20_000],
      ['run', RUN],
      ['run', RUN],
    ]);
  });

  test('logs come as text to who asks for it', async () => {
    const line = { run: RUN, task: 'a', attempt: 1, at: 0, stream: 'stdout' as const, text: 'hi' };
    const { ask } = server({ logs: async () => ({ lines: [line], next: 'l1' }) });
    const headers = { accept: 'text/plain' };
    expect((await ask(`/v1/runs/${RUN}/logs?task=a`, { headers })).text).toBe('hi\n');
    const all = await ask(`/v1/runs/${RUN}/logs`, { headers });
    expect([all.text, all.headers.get('fanfold-next')]).toEqual(['a[1] hi\n', 'l1']);
    expect((await ask(`/v1/runs/${RUN}/logs`)).body).toEqual({ lines: [line], next: 'l1' });
  });
});

test('a large submit is read elsewhere, a small one here', async () => {
  const read: number[] = [];
  const readLargeSubmit = async (body: Uint8Array) => {
    read.push(body.byteLength);
    return { workflow: { ...workflow, name: 'read-elsewhere' } } as SubmitRequest;
  };
  const { engine, post } = server({}, { readLargeSubmit });
  const large = { text: 'x'.repeat(1024 * 1024) };
  expect((await post('/v1/runs', { workflow })).status).toBe(202);
  expect((await post('/v1/runs', { workflow, input: large })).status).toBe(202);
  const names = engine.calls.map(([, request]) => (request as SubmitRequest).workflow.name);
  expect(names).toEqual([workflow.name, 'read-elsewhere']);
  expect(read).toHaveLength(1);
});

describe('control', () => {
  test.each([
    ['cancel', { reason: 'enough' }],
    ['cancel', {}],
    ['pause', {}],
    ['resume', {}],
    ['rerun', { tasks: ['a'] }],
  ])('%s %j reaches the engine', async (action, body) => {
    const { post, engine } = server();
    expect((await post(`/v1/runs/${RUN}/${action}`, body)).status).toBe(202);
    expect(engine.calls).toEqual([['control', RUN, { action, ...body }]]);
  });

  test('an Idempotency-Key reaches the engine, and must be one', async () => {
    const { ask, engine } = server();
    const path = `/v1/runs/${RUN}/rerun`;
    const send = (key: string) =>
      ask(path, { method: 'POST', headers: { 'idempotency-key': key } });
    expect((await send('again-1')).status).toBe(202);
    expect(engine.calls).toEqual([['control', RUN, { action: 'rerun' }, 'again-1']]);
    const long = await send('x'.repeat(256));
    expect([long.status, long.body.code]).toEqual([400, 'body-invalid']);
  });

  test('an empty body will do', async () => {
    const { ask, engine } = server();
    expect((await ask(`/v1/runs/${RUN}/pause`, { method: 'POST' })).status).toBe(202);
    expect(engine.calls).toEqual([['control', RUN, { action: 'pause' }]]);
  });

  test.each([
    ['pause', { reason: 'x' }],
    ['cancel', { action: 'rerun' }],
    ['rerun', { tasks: [] }],
    ['rerun', [1]],
  ])('%s %j is refused', async (action, body) => {
    const answer = await server().post(`/v1/runs/${RUN}/${action}`, body);
    expect([answer.status, answer.body.code]).toEqual([400, 'body-invalid']);
  });

  test('GET never acts', async () => {
    const { ask, engine } = server();
    const answer = await ask(`/v1/runs/${RUN}/cancel`);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await ask(`/v1/runs/${RUN}/cancel`, { method: 'HEAD' })).status).toBe(405);
    expect(engine.calls).toEqual([]);
  });
});

describe('refusals', () => {
  test('an unknown route is a problem', async () => {
    const answer = await server().ask('/v1/nope');
    expect([answer.status, answer.body.code]).toEqual([404, 'route-unknown']);
  });

  test('a known route with another method names those it has', async () => {
    const answer = await server().ask('/v1/runs', { method: 'DELETE' });
    expect([answer.status, answer.body.code]).toEqual([405, 'method-unknown']);
    expect(answer.headers.get('allow')).toBe('POST, GET, HEAD');
  });

  test("the engine's refusals keep code, places and whether to try again", async () => {
    const details = [{ pointer: '/tasks/0', line: 3, column: 5, message: 'needs itself' }];
    const refuse = async () => {
      throw new Problem('run-contended', 'try again', details);
    };
    const answer = await server({ submit: refuse }).post('/v1/runs', { workflow });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ code: 'run-contended', retryable: true, errors: details });
    expect(answer.headers.get('retry-after')).toBe('1');
  });

  test('a port that cannot answer is 503', async () => {
    const fail = async () => {
      throw new Unavailable('disk busy');
    };
    const answer = await server({ runs: fail }).ask('/v1/runs');
    expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
  });

  test('an error of ours tells nothing but its id, and is heard', async () => {
    const heard: unknown[] = [];
    const onError = (error: unknown, id: string) => heard.push([(error as Error).message, id]);
    const fail = async () => {
      throw new Error('secret of the table');
    };
    const answer = await server({ runs: fail }, { onError }).ask('/v1/runs');
    expect([answer.status, answer.body.code]).toEqual([500, 'internal-error']);
    expect(answer.text).not.toContain('secret');
    expect(heard).toEqual([['secret of the table', answer.body.requestId]]);
  });
});

describe('who may call', () => {
  const from = (headers: Record<string, string>, options: AppOptions = {}) =>
    server({}, options).ask('/healthz', { headers });

  test.each(['127.0.0.1:7420', 'localhost', 'localhost:1', '[::1]:7420'])(
    'the host %s is served',
    async (host) => expect((await from({ host })).status).toBe(200),
  );

  test.each([
    'evil.example',
    'evil.example:7420',
    '127.0.0.1.evil.example',
    '192.168.0.1',
    'localhost@evil.example:1',
    '',
  ])('the host "%s" is refused', async (host) =>
    expect((await from({ host })).body.code).toBe('host-refused'),
  );

  test('another origin is refused, the same one and allowed ones are not', async () => {
    const host = 'localhost:7420';
    expect((await from({ host, origin: 'http://localhost:7420' })).status).toBe(200);
    expect((await from({ host, origin: 'http://localhost:5173' })).body.code).toBe(
      'origin-refused',
    );
    expect((await from({ host, origin: 'https://evil.example' })).body.code).toBe('origin-refused');
    expect((await from({ host, origin: 'null' })).body.code).toBe('origin-refused');
    const guard = { hosts: 'loopback' as const, origins: ['http://localhost:5173'] };
    expect((await from({ host, origin: 'http://localhost:5173' }, { guard })).status).toBe(200);
  });

  test('a server behind a gateway answers to any name', async () => {
    expect((await from({ host: 'api.example' }, { guard: { hosts: 'any' } })).status).toBe(200);
  });
});

describe('the server about itself', () => {
  test('it is ready when the engine is', async () => {
    expect((await server().ask('/readyz')).status).toBe(200);
    expect((await server({}, { isReady: () => false }).ask('/readyz')).status).toBe(503);
  });

  test('its description names every route, and each reference in it leads somewhere', async () => {
    const { body, text } = await server().ask('/v1/openapi.json');
    const paths = body.paths as Record<string, Record<string, { operationId: string }>>;
    const ops = Object.values(paths).flatMap((path) =>
      Object.values(path).map((op) => op.operationId),
    );
    expect(ops.sort()).toEqual(routes.map((row) => row.op).sort());
    const refs = [...text.matchAll(/"\$ref":"#([^"]+)"/g)].map(([, pointer]) => pointer ?? '');
    const follow = (pointer: string) =>
      pointer
        .split('/')
        .slice(1)
        .reduce<unknown>((at, part) => (at as Record<string, unknown>)?.[part], body);
    expect(refs.filter((pointer) => follow(pointer) === undefined)).toEqual([]);
    expect(refs.length).toBeGreaterThan(5);
  });

  test('a workflow is checked without being stored', async () => {
    const { ask, engine } = server();
    const lint = (text: string) =>
      ask('/v1/workflows:lint', {
        method: 'POST',
        headers: { 'content-type': 'application/yaml' },
        body: text,
      });
    const bad = await lint('name: hello\ntasks: nope\n');
    expect(bad.status).toBe(200);
    expect(bad.body).toMatchObject({
      valid: false,
      errors: [{ line: 2, column: expect.any(Number) }],
    });
    const good = await lint('name: hello\ntasks:\n  a: { run: echo hi }\n');
    const tasks = [{ id: 'a', run: { kind: 'shell', line: 'echo hi' } }];
    expect(good.body).toEqual({ valid: true, errors: [], workflow: { name: 'hello', tasks } });
    expect(engine.calls).toEqual([]);
  });
});

describe('the page to read', () => {
  test('has every operation, asks for nothing else, and runs no script', async () => {
    const { text, headers } = await server().ask('/v1/docs');
    for (const { op } of routes) expect(text).toContain(`id="${op}"`);
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]+'$/,
    );
    expect(text).not.toMatch(/<script|(?:src|href)="(?!\/v1\/openapi\.json")/);
  });
});

test('a path of its own names the methods of its own', async () => {
  const answer = await server().ask('/api/v1/task/create', { method: 'OPTIONS' });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
});

describe('what polls', () => {
  test('is told by a tag that nothing changed, and the whole when something did', async () => {
    let state: 'running' | 'paused' = 'running';
    const { ask } = server({ run: async () => view({ state }) });
    const first = await ask(`/v1/runs/${RUN}`);
    const tag = first.headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[\w-]{22}"$/);
    const again = (tags: string) => ask(`/v1/runs/${RUN}`, { headers: { 'if-none-match': tags } });
    expect(await again(tag)).toMatchObject({ status: 304, text: '' });
    expect((await again(`"x", W/${tag}`)).status).toBe(304);
    expect((await again('"x"')).status).toBe(200);
    state = 'paused';
    expect(await again(tag)).toMatchObject({ status: 200, body: { state: 'paused' } });
  });

  test('gets of big lists the fields that it asks for', async () => {
    const { ask, engine } = server();
    const { body, status } = await ask('/v1/runs?fields=id,state,nothing');
    expect([status, body.items]).toEqual([200, [{ id: RUN, state: 'running' }]]);
    expect(engine.calls).toEqual([['runs', { limit: 50 }]]);
    expect((await ask('/v1/runs?fields=id,')).status).toBe(400);
  });
});
