import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AwsV4Signer } from 'aws4fetch';
import { Client } from '../../src/client/client.ts';
import type { Workflow } from '../../src/contract/workflow.ts';
import { type Emulator, startEmulator } from '../../tools/aws-local/emulator.ts';
import { whyNoEmulator } from '../../tools/aws-local/environment.ts';
import { INSTALL_MS } from '../support/aws-home.ts';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);
const account = '000000000000';
const DEPLOY_MS = 300_000;
const reason = whyNoEmulator();

/** The CDK's own command line, as a user runs it, towards the emulator. */
async function cdk({ place }: Emulator, folder: string, ...args: string[]): Promise<void> {
  const bin = join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    CI: 'true',
    AWS_ENDPOINT_URL: place.endpoint,
    AWS_ENDPOINT_URL_S3: place.endpoint,
    AWS_S3_FORCE_PATH_STYLE: 'true',
    AWS_ACCESS_KEY_ID: place.credentials?.accessKeyId,
    AWS_SECRET_ACCESS_KEY: place.credentials?.secretAccessKey,
    AWS_REGION: place.region,
    CDK_DEFAULT_ACCOUNT: account,
    CDK_DEFAULT_REGION: place.region,
  };
  await run(process.execPath, [bin, ...args, '--output', join(folder, 'out'), '--no-notices'], {
    cwd: root,
    env,
  });
}

/** The name of an emulated API leads nowhere: its requests go to the emulator, under that name. */
function towards({ place }: Emulator, sign: boolean): typeof fetch {
  const { accessKeyId = '', secretAccessKey = '' } = place.credentials ?? {};
  return async (input, init) => {
    const url = String(input);
    const given = { method: init?.method ?? 'GET', headers: new Headers(init?.headers), url };
    const body = typeof init?.body === 'string' ? init.body : undefined;
    const keys = { accessKeyId, secretAccessKey, service: 'execute-api', region: 'us-east-1' };
    const asked = sign
      ? await new AwsV4Signer({ ...given, ...keys, ...(body && { body }) }).sign()
      : given;
    const { pathname, search, host } = new URL(url);
    const { hostname, port } = new URL(place.endpoint);
    return new Promise((resolve, reject) => {
      const call = request(
        {
          hostname,
          port,
          path: pathname + search,
          method: asked.method,
          headers: { ...Object.fromEntries(asked.headers), host },
        },
        (answer) => {
          const parts: Buffer[] = [];
          answer.on('data', (part: Buffer) => parts.push(part));
          answer.on('end', () =>
            resolve(new Response(Buffer.concat(parts), { status: answer.statusCode ?? 0 })),
          );
        },
      );
      call.on('error', reject).end(body);
    });
  };
}

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
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-deploy-'));
  let emulator: Emulator;
  let url: string;

  beforeAll(async () => {
    emulator = await startEmulator();
    const outputs = join(folder, 'outputs.json');
    await cdk(emulator, folder, 'bootstrap', `aws://${account}/us-east-1`);
    const deploy = ['deploy', '--all', '--require-approval', 'never', '--outputs-file', outputs];
    await cdk(emulator, folder, ...deploy);
    url = JSON.parse(readFileSync(outputs, 'utf8'))['fanfold-control'].ApiUrl;
  }, INSTALL_MS + DEPLOY_MS);
  afterAll(async () => {
    await emulator?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a run goes through API, stream, fan-out, queue and runner to its end', async () => {
    const client = new Client({ url, fetch: towards(emulator, true) });
    const { run: begun } = await client.submit({ workflow });
    const ended = await client.end(begun.id, 100_000);
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
  }, 120_000);

  test('who does not sign is refused', async () => {
    const client = new Client({ url, fetch: towards(emulator, false) });
    await expect(client.runs({})).rejects.toThrow('403');
  });
});
