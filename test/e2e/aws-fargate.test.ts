import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListClustersCommand,
  ListServicesCommand,
} from '@aws-sdk/client-ecs';
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { whyNoEmulator } from '../../tools/aws-local/environment.ts';
import { buildImages } from '../../tools/build-images.ts';
import { until } from '../ports/until.ts';
import { INSTALL_MS } from '../support/aws-home.ts';
import { type Runners, startRunners } from '../support/aws-runners.ts';
import { DEPLOY_MS, type Deployed, deployed } from '../support/deployed.ts';
import { hides, unreadableNode } from '../support/unreadable-node.ts';
import { shell, workflowOf } from './runs.ts';

jest.setTimeout(900_000);

const PATIENCE_MS = 600_000;
const pools = {
  default: { kind: 'lambda' },
  long: { kind: 'fargate', image: { repository: 'runners', tag: 'stable' }, runnersMax: 2 },
};

const reason = whyNoEmulator();
(reason === undefined && hides ? describe : describe.skip)('a pool on Fargate, deployed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-fargate-'));
  let home: Deployed;
  let ecs: ECSClient;
  let lambda: LambdaClient;
  let runners: Runners;
  let place: { readonly cluster: string; readonly service: string };

  const service = async () => {
    const { cluster, service: name } = place;
    const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: [name] }));
    return services?.[0];
  };
  /** What ECS would start its containers with. */
  const container = async () => {
    const taskDefinition = (await service())?.taskDefinition;
    const described = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
    return described.taskDefinition?.containerDefinitions?.[0];
  };

  beforeAll(async () => {
    home = await deployed({ settings: { pools } });
    ecs = new ECSClient(home.emulator.place);
    lambda = new LambdaClient(home.emulator.place);
    const { clusterArns = [] } = await ecs.send(new ListClustersCommand({}));
    const found = await Promise.all(
      clusterArns.map(async (cluster) => {
        const { serviceArns = [] } = await ecs.send(new ListServicesCommand({ cluster }));
        return serviceArns.map((arn) => ({ cluster, service: arn }));
      }),
    );
    place = found.flat()[0] ?? { cluster: '', service: '' };
    const environment = Object.fromEntries(
      ((await container())?.environment ?? []).map(({ name = '', value = '' }) => [name, value]),
    );
    const work = join(folder, 'work');
    mkdirSync(work);
    chmodSync(work, 0o777);
    const images = await buildImages(() => undefined, join(folder, 'images'));
    runners = startRunners({
      desired: async () => (await service())?.desiredCount ?? 0,
      program: unreadableNode(folder),
      args: [join(images, 'node', 'runner', 'index.mjs')],
      env: (index) => ({
        PATH: process.env.PATH,
        HOME: work,
        AWS_ENDPOINT_URL: home.emulator.place.endpoint,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        ...environment,
        FANFOLD_WORK: join(work, String(index)),
      }),
    });
  }, INSTALL_MS + DEPLOY_MS);
  afterAll(async () => {
    await runners?.stop();
    await home?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('has no runner before there is work for it', async () => {
    expect((await service())?.desiredCount).toBe(0);
    expect(await container()).toMatchObject({ user: '10001:10001', readonlyRootFilesystem: true });
  });

  test('gets one when a task is for it, by name or by how long it may take, and the run succeeds', async () => {
    const workflow = workflowOf({
      quick: { run: shell('echo quick') },
      named: { needs: ['quick'], pool: 'long', run: shell('echo named') },
      patient: { needs: ['quick'], limits: { runMs: 3_600_000 }, run: shell('echo \'{"n":7}\'') },
    });
    const { run } = await home.client.submit({ workflow });
    const ended = async () =>
      !['running', 'cancelling'].includes((await home.client.end(run.id, 1_000)).state);
    await until(`the run ends; ${runners.said()}`, ended, undefined, PATIENCE_MS);
    expect(await home.client.end(run.id, 1_000)).toMatchObject({ state: 'succeeded' });
    const patient = await home.client.task(run.id, 'patient');
    expect(patient.output).toEqual({ n: 7 });
    expect(patient.placed).toMatch(/^in pool long: its time limit of 1h is longer than the 15m/);
    expect(runners.peak()).toBeGreaterThanOrEqual(1);
    expect(runners.peak()).toBeLessThanOrEqual(2);
  });

  test('runs an image that is pushed under its tag, as many times as it is told', async () => {
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
    const handler = Functions.find(({ Environment }) => Environment?.Variables?.FANFOLD_IMAGES);
    const digest = `sha256:${'a'.repeat(64)}`;
    const event = {
      source: 'aws.ecr',
      'detail-type': 'ECR Image Action',
      time: '2026-11-16T01:54:34Z',
      detail: {
        result: 'SUCCESS',
        'repository-name': 'runners',
        'image-digest': digest,
        'action-type': 'PUSH',
        'image-tag': 'stable',
      },
    };
    const before = await service();
    for (let n = 0; n < 2; n++) {
      const told = await lambda.send(
        new InvokeCommand({
          FunctionName: handler?.FunctionName,
          Payload: Buffer.from(JSON.stringify(event)),
        }),
      );
      expect(told.FunctionError).toBeUndefined();
    }
    expect((await container())?.image).toMatch(new RegExp(`/runners@${digest}$`));
    const after = await service();
    expect(after?.desiredCount).toBe(before?.desiredCount);
    const revision = (arn = '') => Number(arn.split(':').at(-1));
    expect(revision(after?.taskDefinition)).toBe(revision(before?.taskDefinition) + 1);
  });
});
