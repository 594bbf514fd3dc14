import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AwsClient } from 'aws4fetch';
import { provisionerOf } from '../../../functions/shared/provisioner.ts';
import { ecsProvisioner } from '../../../src/adapters/aws/ecs-provisioner.ts';
import { lambdaProvisioner } from '../../../src/adapters/aws/lambda-provisioner.ts';
import { type PoolClients, poolClients } from '../../../src/adapters/aws/pool-clients.ts';
import { systemClock, systemRandom } from '../../../src/adapters/system.ts';
import { Unavailable } from '../../../src/ports/table.ts';
import { type Emulator, startEmulator } from '../../../tools/aws-local/emulator.ts';
import { whyNoEmulator } from '../../../tools/aws-local/environment.ts';
import { testProvisioner } from '../../ports/provisioner.suite.ts';
import { INSTALL_MS } from '../../support/aws-home.ts';
import { failure, nowhere, quickPatience, stub } from '../../support/aws-stub.ts';
import { startDatacenter } from '../../support/datacenter.ts';

const reason = whyNoEmulator();
const patience = { clock: systemClock, random: systemRandom };

(reason === undefined ? describe : describe.skip)(reason ?? 'on an AWS on this machine', () => {
  let emulator: Emulator;
  let clients: PoolClients;
  beforeAll(async () => {
    emulator = await startEmulator();
    clients = poolClients(emulator.place);
  }, INSTALL_MS);
  afterAll(async () => {
    clients?.close();
    await emulator?.stop();
  });

  testProvisioner('a service of ECS', async () => {
    // As patient as the machine is slow.
    const client = new ECSClient(emulator.place);
    await client.send(new CreateClusterCommand({ clusterName: 'pools' }));
    const container = { name: 'runner', image: 'runner:1', memory: 512 };
    await client.send(
      new RegisterTaskDefinitionCommand({ family: 'runner', containerDefinitions: [container] }),
    );
    const service = { cluster: 'pools', serviceName: 'slow', taskDefinition: 'runner' };
    await client.send(new CreateServiceCommand({ ...service, desiredCount: 0 }));
    const pools = { slow: { cluster: 'pools', service: 'slow', runnersMax: 9 } };
    const provisioner = ecsProvisioner({ client: clients.ecs, patience, pools });
    return { provisioner, pool: 'slow', cap: 9, unknown: 'unheard-of' };
  });

  testProvisioner('a function behind its queue', async () => {
    const client = new LambdaClient(emulator.place);
    const sqs = new SQSClient(emulator.place);
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'tasks' }));
    sqs.destroy();
    await client.send(
      new CreateFunctionCommand({
        FunctionName: 'run',
        Role: 'arn:aws:iam::000000000000:role/run',
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Code: { ZipFile: emptyZip },
      }),
    );
    const { UUID = '' } = await client.send(
      new CreateEventSourceMappingCommand({
        FunctionName: 'run',
        EventSourceArn: `arn:aws:sqs:us-east-1:000000000000:${QueueUrl.split('/').at(-1)}`,
      }),
    );
    const pools = { quick: { mapping: UUID, runnersMax: 9 } };
    const provisioner = lambdaProvisioner({ client: clients.lambda, patience, pools });
    return { provisioner, pool: 'quick', cap: 9, unknown: 'unheard-of' };
  });

  testProvisioner('a data centre whose token is a secret', async () => {
    const secret = 'a-token-that-nobody-sees';
    const datacenter = await startDatacenter(secret, ['own']);
    const capacity = { ...declared, runnersMax: 9 };
    const tokenSecret = await makeSecret(emulator, secret);
    const own = { kind: 'datacenter', url: datacenter.url, tokenSecret, capacity } as const;
    const provisioner = provisionerOf({ own }, clients, patience);
    return {
      provisioner,
      pool: 'own',
      cap: 9,
      unknown: 'unheard-of',
      close: () => datacenter.close(),
    };
  });
});

const declared = {
  ...{ runnersMin: 0, slots: 1, startUpMs: 1, acceptableMs: 1, serviceMsGuess: 1, billedMsMin: 0 },
  launches: { burst: 1, perSecond: 1 },
  price: { runnerHour: 1, lateHour: 1 },
};

/** Its address. */
async function makeSecret({ place }: Emulator, SecretString: string): Promise<string> {
  const { accessKeyId = '', secretAccessKey = '' } = place.credentials ?? {};
  const { region = 'us-east-1' } = place;
  const client = new AwsClient({ accessKeyId, secretAccessKey, service: 'secretsmanager', region });
  const answer = await client.fetch(place.endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'secretsmanager.CreateSecret',
    },
    body: JSON.stringify({ Name: 'machines', SecretString }),
  });
  return ((await answer.json()) as { readonly ARN: string }).ARN;
}

/** The end of a directory that has no entries. */
const emptyZip = Buffer.concat([Buffer.from('PK\x05\x06'), Buffer.alloc(18)]);

describe('the answers of ECS', () => {
  const pools = { slow: { cluster: 'c', service: 's', runnersMax: 5 } };
  const answering = (answer: () => unknown) => {
    const { client, calls } = stub(poolClients(nowhere).ecs, answer);
    return { provisioner: ecsProvisioner({ client, patience: quickPatience(), pools }), calls };
  };
  const service = (counts: object) => () => ({
    services: [{ status: 'ACTIVE', desiredCount: 1, runningCount: 1, ...counts }],
  });
  const answers: readonly [string, () => unknown][] = [
    ['no service', () => ({ failures: [{ reason: 'MISSING' }] })],
    ['a service that goes', service({ status: 'DRAINING' })],
    ['no counts', service({ desiredCount: undefined })],
    ['NaN', service({ runningCount: Number.NaN })],
    ['too many to be true', service({ runningCount: 1e9 })],
    ['less than none', service({ desiredCount: -1 })],
  ];
  test.each(answers)('are not believed: %s', async (_, answer) => {
    await expect(answering(answer).provisioner.read('slow')).rejects.toThrow(Unavailable);
  });

  test('are waited for while it throttles', async () => {
    let throttles = 3;
    const { provisioner, calls } = answering(() => {
      if (throttles-- > 0) throw failure('ThrottlingException');
      return {};
    });
    await provisioner.set('slow', 1e9);
    expect(calls.map(({ input }) => input.desiredCount)).toEqual([5, 5, 5, 5]);
  });
});

test('of one runner Lambda makes two, for it knows nothing less', async () => {
  const { client, calls } = stub(poolClients(nowhere).lambda, () => ({}));
  const pools = { quick: { mapping: 'm', runnersMax: 5 } };
  const provisioner = lambdaProvisioner({ client, patience: quickPatience(), pools });
  await provisioner.set('quick', 1);
  expect(calls[0]?.input).toMatchObject({
    Enabled: true,
    ScalingConfig: { MaximumConcurrency: 2 },
  });
});
