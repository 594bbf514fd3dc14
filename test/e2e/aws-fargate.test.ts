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
import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { PageOf } from '../../src/contract/api.ts';
import type { AuditEntry } from '../../src/contract/audit.ts';
import type { Task } from '../../src/contract/workflow.ts';
import { whyNoEmulator } from '../../tools/aws-local/environment.ts';
import { buildImages } from '../../tools/build-images.ts';
import { until } from '../ports/until.ts';
import { INSTALL_MS } from '../support/aws-home.ts';
import { makeRepository, pushImage, tellPush } from '../support/aws-registry.ts';
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
    await makeRepository(home.emulator.place, 'runners');
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

  let at = Date.UTC(2026, 0, 1);
  const tell = (digest: string) => tellPush(lambda, 'runners', 'stable', digest, new Date(at));
  /** Puts an image with these labels into the registry, as `docker push` does, and tells of it as ECR tells. */
  const push = async (labels: object): Promise<string> => {
    const digest = await pushImage(home.emulator.place.endpoint, 'runners', 'stable', labels);
    at += 1000;
    await tell(digest);
    return digest;
  };
  const revision = (arn = '') => Number(arn.split(':').at(-1));
  const cut: Task = { id: 'cut', image: 'long/cut', run: { kind: 'none' } };
  const outputOf = async (run: string) => (await home.client.task(run, 'cut')).output;
  const submitted = async () =>
    (await home.client.submit({ workflow: { name: 'w', tasks: [cut] } })).run.id;
  const ended = (run: string) =>
    until(
      `the run ends; ${runners.said()}`,
      async () => (await home.client.end(run, 1_000)).state === 'succeeded',
      undefined,
      PATIENCE_MS,
    );

  test('runs an image that is pushed under its tag, and new runs its task types, as many times as it is told', async () => {
    const before = await service();
    const digest = await push({
      'dev.fanfold.task.cut': '{shell: "echo 1", resources: {memory: 64MB}}',
    });
    await tell(digest);
    const first = await submitted();
    await ended(first);
    expect(await outputOf(first)).toBe(1);
    expect((await container())?.image).toMatch(new RegExp(`/runners@${digest}$`));
    expect(revision((await service())?.taskDefinition)).toBe(revision(before?.taskDefinition) + 1);

    await push({ 'dev.fanfold.task.cut': '{shell: "echo 2"}' });
    const second = await submitted();
    await home.client.control(first, { action: 'rerun', tasks: ['cut'] });
    for (const run of [first, second]) await ended(run);
    expect([await outputOf(first), await outputOf(second)]).toEqual([1, 2]);
    expect((await home.client.task(first, 'cut')).image).toBe(`long/cut@${digest}`);
  });

  test('rejects an image with wrong labels, and says why; its pool runs the one before', async () => {
    const before = await container();
    const digest = await push({ 'dev.fanfold.task.cut': '{shell: x, memory: 1TB}' });
    const { last, current } = await home.client.images.show('long');
    expect(last.why).toMatch(/^dev\.fanfold\.task\.cut: \/memory unknown key "memory" here/);
    expect(current?.digest).not.toBe(digest);
    expect(await container()).toEqual(before);
    const audit = await home.client.call({ method: 'GET', path: '/v1/audit', repeatable: true });
    const { items } = audit as PageOf<AuditEntry>;
    expect(items.map(({ object, status }) => [object, status])).toContainEqual([
      `/v1/images/long/${digest}`,
      422,
    ]);
  });
});
