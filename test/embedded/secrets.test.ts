import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Run, Task } from '../../src/contract/workflow.ts';
import { type Embedded, startEmbedded } from '../../src/embedded/index.ts';

/**
 * Goal: a secret is nowhere but in its file and in its task's process.
 * Method: plant one, have tasks give it away, then look for it in every file of the data folder and in every answer.
 */
const secret = 'planted-4f1c-in-the-dark';
const dataFolder = mkdtempSync(join(tmpdir(), 'fanfold-secrets-'));
let open: Embedded;
beforeAll(async () => {
  open = await startEmbedded({ dataFolder, slots: 4, port: 0 });
});
afterAll(async () => {
  await open.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

async function call(method: string, path: string, body?: unknown) {
  const answer = await fetch(`${open.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${open.token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
}

const shell = (line: string): Run => ({ kind: 'shell', line });
const secrets = { TOKEN: 'token' };

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

const holders = () => filesIn(dataFolder).filter((path) => readFileSync(path).includes(secret));

test('a planted secret is found in its file alone, whatever its tasks do with it', async () => {
  expect((await call('PUT', '/secrets/token', { value: secret })).status).toBe(200);
  const tasks: Task[] = [
    { id: 'give', run: shell('echo "$TOKEN"; echo "{\\"is\\":\\"$TOKEN\\"}"'), secrets },
    {
      id: 'take',
      needs: ['give'],
      run: shell('cat'),
      with: { given: `\${{ tasks.give.output.is }}` },
    },
    { id: 'fail', run: shell('echo "no: $TOKEN" >&2; exit 1'), secrets, mayFail: true },
    {
      id: 'call',
      run: {
        kind: 'snippet',
        language: 'node',
        code: 'task.spawn({ key: "k", with: process.env.TOKEN, run: { kind: "shell", line: "cat" } }); throw new Error(process.env.TOKEN)',
      },
      secrets,
      retry: { attemptsMax: 2, backoff: { shape: 'fixed', delayMsMin: 1 } },
      mayFail: true,
    },
    {
      id: 'steps',
      run: {
        kind: 'sequence',
        steps: [{ run: shell('printf \'{"t":"%s"}\' "$TOKEN"') }, { run: shell('cat') }],
      },
      secrets,
    },
  ];
  const { run } = await open.engine.submit({ workflow: { name: 'w', tasks } });
  await open.engine.end(run.id, 300_000);
  const answers = await Promise.all(
    ['', '/tasks', '/tasks/give', '/tasks/call', '/logs', '/events', '/graph'].map((path) =>
      call('GET', `/runs/${run.id}${path}`),
    ),
  );
  expect((await open.engine.run(run.id)).state).toBe('succeeded');
  expect(answers.map(({ text }) => text).join('\n')).toContain('no: ***');
  for (const { text } of answers) expect(text).not.toContain(secret);
  expect(holders()).toEqual([join(dataFolder, 'secrets.json')]);
});

test('secrets are listed by name, removed, and never told', async () => {
  await call('PUT', '/secrets/other', { value: secret });
  const { text } = await call('GET', '/secrets');
  expect(JSON.parse(text).items).toMatchObject([{ name: 'other' }, { name: 'token' }]);
  expect(text).not.toContain(secret);
  expect((await call('GET', '/secrets/other')).status).toBe(405);
  expect((await call('GET', '/audit')).text).toMatch(/putSecret/);
  expect((await call('GET', '/audit')).text).not.toContain(secret);
  expect((await call('DELETE', '/secrets/other')).status).toBe(200);
  expect((await call('DELETE', '/secrets/other')).text).toContain('secret-unknown');
});

test.each([
  ['a value that is too short', 'a', { value: 'abc' }, 'at least 4 characters'],
  ['a name with a blank', 'a%20b', { value: 'long enough' }, 'secret-invalid'],
  ['no value', 'a', {}, 'body-invalid'],
])('%s is refused', async (_, name, body, want) => {
  const { status, text } = await call('PUT', `/secrets/${name}`, body);
  expect(Math.floor(status / 100)).toBe(4);
  expect(text).toContain(want);
});
