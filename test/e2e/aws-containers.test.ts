import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { ecsProvisioner } from '../../src/adapters/aws/ecs-provisioner.ts';
import { poolClients } from '../../src/adapters/aws/pool-clients.ts';
import { type AwsPorts, awsPorts } from '../../src/adapters/aws/ports.ts';
import { deployedQueues } from '../../src/adapters/aws/queue-directory.ts';
import { systemClock, systemIds, systemRandom } from '../../src/adapters/system.ts';
import type { CapacitySettings } from '../../src/core/capacity.ts';
import { createDecider } from '../../src/engine/create-engine.ts';
import { scale } from '../../src/engine/scale.ts';
import { scaleQueue } from '../../src/engine/scale-ticks.ts';
import { defaultSettings } from '../../src/engine/settings.ts';
import { wakingQueue } from '../../src/engine/waking-queue.ts';
import { Unavailable } from '../../src/ports/table.ts';
import { type Emulator, startEmulator } from '../../tools/aws-local/emulator.ts';
import { whyNoEmulator } from '../../tools/aws-local/environment.ts';
import { buildImages } from '../../tools/build-images.ts';
import { until } from '../ports/until.ts';
import { type AwsEngine, openAwsEngine } from '../support/aws-engine.ts';
import { type AwsHome, INSTALL_MS, openAwsHome } from '../support/aws-home.ts';
import { type Runners, startRunners } from '../support/aws-runners.ts';
import { hides, unreadableNode } from '../support/unreadable-node.ts';
import { shell, workflowOf } from './runs.ts';

jest.setTimeout(1_500_000);

const PATIENCE_MS = 700_000;
const secret = 'credentials-of-the-runner';

/**
 * As on Fargate, but that runners are there at once and are billed by the second. Tasks may wait: where they may not, a
 * runner is kept for minutes after a spell of work.
 */
const capacity: CapacitySettings = {
  runnersMin: 0,
  runnersMax: 3,
  slots: 2,
  startUpMs: 1_000,
  acceptableMs: 120_000,
  serviceMsGuess: 1_000,
  launches: { burst: 100, perSecond: 20 },
  billedMsMin: 1_000,
  price: { runnerHour: 0.04, lateHour: 0.04 },
};

/** Tells whatever it can read of anybody's environment, and of what lies where the command line keeps credentials. */
const thief = [
  'env; for p in /proc/[0-9]*; do cat $p/environ; done 2>/dev/null',
  'cat ~/.aws/credentials 2>/dev/null',
].join('; ');
const steal = `if (${thief}) | tr '\\0' '\\n' | grep -a 'credentials-of''-the-runner'; then exit 7; fi`;

const reason = whyNoEmulator();
(reason === undefined && hides ? describe : describe.skip)('runners in containers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-containers-'));
  const troubles: unknown[] = [];
  let emulator: Emulator;
  let home: AwsHome;
  let ports: AwsPorts;
  let engine: AwsEngine;
  let runners: Runners;
  let sizing: { stop(): Promise<void>; readonly wanted: number[] };

  beforeAll(async () => {
    emulator = await startEmulator();
    home = await openAwsHome(emulator.place);
    const urls = await makeQueues(emulator, home, [
      'tasks-default',
      'tasks-slow',
      scaleQueue,
      'dead',
    ]);
    ports = portsOver(home, urls, troubles);
    const queue = Object.assign(
      Object.create(ports.queue),
      wakingQueue(ports.queue, systemClock, ['slow']),
    );
    const settings = { ...defaultSettings };
    engine = openAwsEngine({ ports: { ...ports, queue }, settings, runs: false, troubles });
    // As patient as the machine is slow.
    const ecs = new ECSClient(emulator.place);
    await ecs.send(new CreateClusterCommand({ clusterName: 'pools' }));
    const containerDefinitions = [{ name: 'runner', image: 'runner:1', memory: 512 }];
    await ecs.send(new RegisterTaskDefinitionCommand({ family: 'slow', containerDefinitions }));
    const service = { cluster: 'pools', serviceName: 'slow', taskDefinition: 'slow' };
    await ecs.send(new CreateServiceCommand({ ...service, desiredCount: 0 }));
    const patience = { clock: systemClock, random: systemRandom };
    const pools = { slow: { cluster: 'pools', service: 'slow', runnersMax: 3 } };
    const provisioner = ecsProvisioner({
      client: poolClients(emulator.place).ecs,
      patience,
      pools,
    });
    const { decider } = createDecider({ ...ports, provisioner }, settings);
    sizing = keepSizing(decider, ports);
    const images = await buildImages(() => undefined, join(folder, 'images'));
    const work = join(folder, 'work');
    mkdirSync(work);
    chmodSync(work, 0o777);
    runners = startRunners({
      desired: async () => (await provisioner.read('slow')).wanted,
      program: unreadableNode(folder),
      args: [join(images, 'node', 'runner', 'index.mjs')],
      env: (index) => ({
        PATH: process.env.PATH,
        HOME: work,
        AWS_ENDPOINT_URL: emulator.place.endpoint,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: secret,
        FANFOLD_NAMESPACE: settings.namespace,
        FANFOLD_TABLE: home.tableName,
        FANFOLD_BUCKET: home.bucket,
        FANFOLD_QUEUES: JSON.stringify(urls),
        FANFOLD_ARCHIVE_AFTER_DAYS: '30',
        FANFOLD_KEEP_DAYS: '730',
        FANFOLD_POOL: 'slow',
        FANFOLD_SLOTS: '2',
        FANFOLD_CAPACITY: JSON.stringify({ cpu: 2, memoryMb: 2000, diskMb: 2000, gpu: 0 }),
        FANFOLD_WORK: join(work, String(index)),
      }),
    });
  }, INSTALL_MS);
  afterAll(async () => {
    await sizing?.stop();
    await runners?.stop();
    await engine?.close();
    home?.close();
    await emulator?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const submit = async (workflow: ReturnType<typeof workflowOf>) => {
    const { run } = await engine.engine.submit({ workflow });
    let state = 'running';
    const ended = async () => {
      ({ state } = await engine.engine.end(run.id, 1_000));
      return !['running', 'cancelling'].includes(state);
    };
    await until(`run ${run.id} has ended; ${runners.said()}`, ended, undefined, PATIENCE_MS);
    return { id: run.id, state };
  };

  test('come when there is work for them, are no more than there may be, and go when it is done', async () => {
    expect(runners.running()).toBe(0);
    const parts = Array.from({ length: 20 }, (_, n): [string, object] => [
      `part${n}`,
      { needs: ['first'], pool: 'slow', run: shell('sleep 0.5; echo 1') },
    ]);
    const { id, state } = await submit(
      workflowOf({
        first: { pool: 'slow', run: shell('echo begun') },
        ...Object.fromEntries(parts),
        last: {
          pool: 'slow',
          needs: parts.map(([name]) => name),
          run: shell('echo \'{"n": 7}\''),
        },
      } as Parameters<typeof workflowOf>[0]),
    );
    expect(state).toBe('succeeded');
    expect((await engine.engine.task(id, 'last')).output).toEqual({ n: 7 });
    expect(runners.peak()).toBeGreaterThanOrEqual(1);
    expect(Math.max(...sizing.wanted)).toBeLessThanOrEqual(3);
    await until('all runners have gone', () => runners.running() === 0, undefined, PATIENCE_MS);
    // Each was told to end, and had nothing left to answer for.
    expect(new Set(runners.exits)).toEqual(new Set([0]));
    expect(troubles).toEqual([]);
  });

  test('keep their credentials from what they run', async () => {
    const { id, state } = await submit(workflowOf({ thief: { pool: 'slow', run: shell(steal) } }));
    const { lines } = await engine.engine.logs({ run: id, task: 'thief' });
    expect(lines.map(({ text }) => text)).toEqual([]);
    expect(state).toBe('succeeded');
  });
});

/** What a deployment has as a function: called by its own ticks, and by those who send work. */
function keepSizing(decider: Parameters<typeof scale>[0], { queue }: AwsPorts) {
  const wanted: number[] = [];
  let stopping = false;
  const tick = async (): Promise<void> => {
    const options = { queues: [scaleQueue], max: 10, waitMs: 0, visibilityMs: 30_000 };
    for (const { body, receipt } of await queue.take(options)) {
      const { decisions } = await scale(
        decider,
        { slow: capacity },
        body.tick as string | undefined,
      );
      wanted.push(...decisions.map(({ runners }) => runners));
      await queue.remove([receipt]);
    }
  };
  const loop = async (): Promise<void> => {
    while (!stopping) {
      // What could not be reached is tried again: the message comes again.
      await tick().catch((error: unknown) => {
        if (!(error instanceof Unavailable)) throw error;
      });
      await sleep(200);
    }
  };
  const done = loop();
  return {
    wanted,
    async stop() {
      stopping = true;
      await done;
    },
  };
}

async function makeQueues(
  { place }: Emulator,
  { tableName }: AwsHome,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const client = new SQSClient(place);
  const made = names.map(async (name) => {
    const QueueName = `${tableName.slice(0, 10)}-${name}`;
    const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName }));
    return [name, QueueUrl];
  });
  return Object.fromEntries(await Promise.all(made));
}

const portsOver = (
  { clients, tableName, streamArn, bucket }: AwsHome,
  urls: Readonly<Record<string, string>>,
  troubles: unknown[],
): AwsPorts =>
  awsPorts({
    clients,
    tableName,
    streamArn,
    bucket,
    queues: deployedQueues(urls),
    clock: systemClock,
    ids: systemIds(),
    random: systemRandom,
    onTrouble: (error) => troubles.push(error),
  });
