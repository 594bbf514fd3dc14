import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { localFetch } from '../../cli/local-fetch.ts';
import { Client } from '../../src/client/client.ts';
import type { Workflow } from '../../src/contract/workflow.ts';
import { whyNoEmulator } from '../../tools/aws-local/environment.ts';
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

  test('who does not sign is refused', async () => {
    const client = new Client({ url: home.url, fetch: localFetch });
    await expect(client.runs({})).rejects.toThrow('403');
  });
});
