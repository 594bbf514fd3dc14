import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { localFetch } from '../../cli/local-fetch.ts';
import { Client } from '../../src/client/client.ts';
import type { Workflow } from '../../src/contract/workflow.ts';
import { whyNoEmulator } from '../../tools/aws-local/environment.ts';
import { fanfold, plainEnv } from '../examples/cli.ts';
import { INSTALL_MS } from '../support/aws-home.ts';
import { DEPLOY_MS, type Deployed, deployed } from '../support/deployed.ts';

const reason = whyNoEmulator();

const workflow: Workflow = {
  name: 'diamond',
  tasks: [
    { id: 'first', run: { kind: 'shell', line: 'echo "hello from $TASK_ID"' } },
    { id: 'left', needs: ['first'], run: { kind: 'shell', line: 'sleep 0.1' } },
    { id: 'right', needs: ['first'], run: { kind: 'shell', line: 'exit 3' }, mayFail: true },
    {
      id: 'last',
      needs: ['left', 'right'],
      rule: 'all-done',
      run: { kind: 'shell', line: `echo '{"n":7}' > "$TASK_OUTPUT"` },
    },
  ],
};

(reason === undefined ? describe : describe.skip)('deployed to an emulated AWS', () => {
  let home: Deployed;

  beforeAll(async () => {
    home = await deployed();
  }, INSTALL_MS + DEPLOY_MS);
  afterAll(async () => home?.close());

  test('a run goes through API, stream, fan-out, queue and runner to its end', async () => {
    const { client } = home;
    const { run: begun } = await client.submit({ workflow });
    const ended = await client.end(begun.id, 500_000);
    expect(ended).toMatchObject({ state: 'succeeded', tasks: 4 });
    const { items } = await client.tasks(begun.id, {});
    expect(items.map(({ id, state }) => [id, state])).toEqual([
      ['first', 'succeeded'],
      ['left', 'succeeded'],
      ['right', 'failed'],
      ['last', 'succeeded'],
    ]);
    expect((await client.task(begun.id, 'last')).output).toEqual({ n: 7 });
    const { lines } = await client.logs({ run: begun.id, task: 'first' });
    expect(lines.map(({ text }) => text)).toEqual(['hello from first']);
  }, 600_000);

  describe('the command line', () => {
    const folder = mkdtempSync(join(tmpdir(), 'fanfold-cli-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'hello.sh'), 'echo "hi $1"\necho \'{"said": "hi"}\'\n');
    writeFileSync(join(folder, 'w.yaml'), 'name: hello\ntasks:\n  a: { run: hello.sh you }\n');
    const keys = {
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
    };
    const cli = (args: readonly string[], more: Readonly<Record<string, string>> = keys) =>
      fanfold(args, { cwd: folder, env: { ...plainEnv(), ...more } });

    test('has the same commands for it, and the folder travels', async () => {
      const there = ['--url', home.url];
      const ran = await cli(['run', 'w.yaml', '--quiet', ...there]);
      expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('hello succeeded') });
      const submitted = await cli(['submit', 'w.yaml', ...there]);
      expect(submitted).toMatchObject({ code: 0, stderr: '' });
      const watched = await cli(['watch', submitted.stdout.trim(), '--json', '--quiet', ...there]);
      expect(watched.code).toBe(0);
      const shown = await cli(['show', 'last', 'a', '--json', ...there]);
      expect(JSON.parse(shown.stdout)).toMatchObject({
        state: 'succeeded',
        output: { said: 'hi' },
      });
      const listed = await cli(['ls', '--json', ...there]);
      expect(listed.stdout.match(/"workflow":"hello"/g)).toHaveLength(2);
      expect((await cli(['logs', 'last', ...there])).stdout).toContain('hi you');
      const refused = await cli(['cancel', 'last', ...there]);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('fanfold: ') });
    }, 600_000);

    test('without credentials says so', async () => {
      const ended = await cli(['ls', '--url', home.url], { PATH: '/nowhere' });
      expect(ended).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('there are no AWS credentials: set AWS_ACCESS_KEY_ID'),
      });
    });
  });

  test('who does not sign is refused', async () => {
    const client = new Client({ url: home.url, fetch: localFetch });
    await expect(client.runs({})).rejects.toThrow('403');
  });
});
