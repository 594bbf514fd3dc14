/**
 * Goal: what the stacks allow is enough, and what they do not allow does not happen; and when they go, only data stays.
 * Method: deploy them to an emulated AWS that evaluates policies, run a workflow, take one right away and try again.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { awsClients } from '../../src/adapters/aws/clients.ts';
import type { Client } from '../../src/client/client.ts';
import type { Workflow } from '../../src/contract/workflow.ts';
import { type Emulator, startEmulator } from '../../tools/aws-local/emulator.ts';
import { whyNoEmulator } from '../../tools/aws-local/environment.ts';
import { forEmulator, type Keep } from '../support/assembly.ts';
import { INSTALL_MS } from '../support/aws-home.ts';
import { account, cdk, clientOf, DEPLOY_MS } from '../support/deployed.ts';

const reason = whyNoEmulator();
const large = 'x'.repeat(50_000);

/** Uses every right there is: outputs and inputs that become blobs, retries, sub-tasks, what is printed. */
const workflow: Workflow = {
  name: 'all-rights',
  tasks: [
    { id: 'large', run: { kind: 'snippet', language: 'node', code: `return '${large}';` } },
    {
      id: 'length',
      needs: ['large'],
      with: '${{ tasks.large.output }}',
      run: { kind: 'snippet', language: 'node', code: 'return input.length;' },
    },
    { id: 'says', run: { kind: 'shell', line: 'echo hello' } },
  ],
};

/** With a pool on Fargate, so that what it takes to deploy and to destroy one is enforced too. */
const settings = {
  pools: {
    default: { kind: 'lambda' },
    long: { kind: 'fargate', image: { repository: 'runners', tag: 'stable' } },
  },
};

const withoutPuts: Keep = (role, action) =>
  !(role.startsWith('ControlApiRole') && action === 'dynamodb:PutItem');

(reason === undefined ? describe : describe.skip)('deployed where rights are enforced', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-rights-'));
  const [whole, lacking] = [join(folder, 'whole'), join(folder, 'lacking')];
  const outputs = join(folder, 'outputs.json');
  let emulator: Emulator;
  let client: Client;
  /** What is said to who has not prepared the account. */
  let unprepared: unknown;
  const deploy = (app: string): Promise<void> =>
    cdk(
      emulator,
      folder,
      ...['deploy', '--all', '--app', app, '--require-approval', 'never'],
      ...['--outputs-file', outputs],
    );

  /** The stacks that settings give, as the emulator takes them. */
  const synth = async (given: object, app: string): Promise<void> => {
    const context = `fanfold=${JSON.stringify(given)}`;
    await cdk(emulator, folder, 'synth', '--quiet', '--context', context);
    cpSync(join(folder, 'out'), app, { recursive: true });
    forEmulator(app);
  };

  beforeAll(async () => {
    emulator = await startEmulator({ enforcesRights: true });
    await synth(settings, whole);
    cpSync(join(folder, 'out'), lacking, { recursive: true });
    forEmulator(lacking, withoutPuts);
    unprepared = await deploy(whole).catch((error: unknown) => error);
    await cdk(emulator, folder, 'bootstrap', `aws://${account}/us-east-1`);
    await deploy(whole);
    const url = JSON.parse(readFileSync(outputs, 'utf8'))['fanfold-control'].ApiUrl;
    client = clientOf(url, emulator);
  }, INSTALL_MS + DEPLOY_MS);
  afterAll(async () => {
    await emulator?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('an account without a bootstrap is told of, with what to do', () => {
    expect(String(unprepared)).toMatch(/Please run 'cdk bootstrap/);
  });

  test('each function has the rights that it needs', async () => {
    const { run } = await client.submit({ workflow });
    expect(await client.end(run.id, 500_000)).toMatchObject({ state: 'succeeded', tasks: 3 });
    expect((await client.task(run.id, 'length')).output).toBe(large.length);
    const { lines } = await client.logs({ run: run.id, task: 'says' });
    expect(lines.map(({ text }) => text)).toEqual(['hello']);
    expect((await client.runs({})).items.map(({ id }) => id)).toEqual([run.id]);
  }, 600_000);

  test(
    'a role that lacks one is refused what takes it, and nothing else',
    async () => {
      await deploy(lacking);
      await expect(client.submit({ workflow })).rejects.toThrow();
      expect((await client.runs({})).items).toHaveLength(1);
      await deploy(whole);
      const { run } = await client.submit({ workflow });
      expect(await client.end(run.id, 500_000)).toMatchObject({ state: 'succeeded' });
    },
    DEPLOY_MS,
  );

  const left = async () => {
    const { dynamo, sqs, s3, close } = awsClients(emulator.place);
    const { TableNames = [] } = await dynamo.send(new ListTablesCommand());
    const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand());
    const { Buckets = [] } = await s3.send(new ListBucketsCommand());
    close();
    const buckets = Buckets.map(({ Name }) => Name).sort();
    return { tables: TableNames, queues: QueueUrls, buckets };
  };
  const assets = `cdk-hnb659fds-assets-${account}-us-east-1`;

  test(
    'nothing is left of it when it is destroyed but the data, as the settings say',
    async () => {
      await cdk(emulator, folder, 'destroy', '--all', '--force', '--app', whole);
      expect(await left()).toEqual({
        tables: [expect.stringMatching(/^fanfold-state-/)],
        queues: [],
        buckets: [assets, expect.stringMatching(/^fanfold-state-/)],
      });
    },
    DEPLOY_MS,
  );
});
