import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import {
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { RunView } from '../../src/contract/api.ts';
import type { Workflow } from '../../src/contract/workflow.ts';
import { whyNoEmulator } from '../../tools/aws-local/environment.ts';
import { until } from '../ports/until.ts';
import { INSTALL_MS } from '../support/aws-home.ts';
import { DEPLOY_MS, type Deployed, deployed } from '../support/deployed.ts';
import { diceOf } from '../support/dice.ts';
import { openWire, type Wire } from '../support/wire.ts';
import { node, runUntil, shell, workflowOf } from './runs.ts';

const END_MS = 600_000;
jest.setTimeout(END_MS + 60_000);

const reason = whyNoEmulator();
const one = node('return 1;');
const wide = workflowOf({
  first: { run: one },
  ...Object.fromEntries(
    Array.from({ length: 12 }, (_, n) => [`m${n}`, { needs: ['first'], run: one }]),
  ),
  last: { needs: Array.from({ length: 12 }, (_, n) => `m${n}`).sort(), run: one },
});
/** Sends of the fan-out: nobody else sends messages. */
const isSend = (target: string): boolean => target === 'AmazonSQS.SendMessageBatch';

(reason === undefined ? describe : describe.skip)(
  reason ?? 'deployed to an emulated AWS, a run ends right',
  () => {
    let wire: Wire;
    let home: Deployed;
    let lambda: LambdaClient;

    beforeAll(async () => {
      wire = await openWire();
      home = await deployed({ wire, keeps: true });
      lambda = new LambdaClient(home.emulator.place);
    }, INSTALL_MS + DEPLOY_MS);
    afterEach(() => wire.meddle(() => 'passed'));
    afterAll(async () => {
      lambda?.destroy();
      await home?.close();
      await wire?.close();
    });

    const submit = async (workflow: Workflow): Promise<string> =>
      (await home.client.submit({ workflow })).run.id;
    const functionNamed = async (part: string): Promise<string> => {
      const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
      const found = Functions.find(({ FunctionName = '' }) => FunctionName.includes(part));
      return found?.FunctionName ?? '';
    };
    const sweep = async (): Promise<void> => {
      const FunctionName = await functionNamed('ControlSweep');
      const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName }));
      expect(FunctionError).toBeUndefined();
    };
    /** Sweeps, as the deployment does every minute, until the run has ended. */
    const swept = async (id: string): Promise<RunView> => {
      const isOver = async () => (await home.client.end(id, 1_000)).endedAt !== undefined;
      await until('the run has ended', isOver, sweep, END_MS);
      return home.client.run(id);
    };
    /** The time comes at which the run is visited, because nothing has moved. */
    const letVisitCome = async (id: string): Promise<void> => {
      const TableName = await tableName();
      const Key = { p: { S: `main/RUN#${id}` }, s: { S: 'META' } };
      const ExpressionAttributeNames = { '#sort': 'as' };
      const ExpressionAttributeValues = { ':past': { S: `000000000000001~${id}` } };
      const update = new UpdateItemCommand({
        TableName,
        Key,
        UpdateExpression: 'SET #sort = :past',
        ConditionExpression: 'attribute_exists(#sort)',
        ExpressionAttributeNames,
        ExpressionAttributeValues,
      });
      // One that has ended is visited no more.
      await home.clients.dynamo.send(update).catch(({ name }: Error) => {
        expect(name).toBe('ConditionalCheckFailedException');
      });
    };
    const tableName = async (): Promise<string> => {
      const FunctionName = await functionNamed('ControlSweep');
      const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
      const found = Functions.find((one) => one.FunctionName === FunctionName);
      return found?.Environment?.Variables?.FANFOLD_TABLE ?? '';
    };
    const queueNamed = async (part: string): Promise<string> => {
      const { QueueUrls = [] } = await home.clients.sqs.send(new ListQueuesCommand({}));
      return QueueUrls.find((url) => url.includes(part)) ?? '';
    };
    /** Whether messages of the pool's queue come to its function. */
    const runners = async (Enabled: boolean): Promise<void> => {
      const { EventSourceMappings = [] } = await lambda.send(
        new ListEventSourceMappingsCommand({}),
      );
      const UUID = EventSourceMappings.find(({ EventSourceArn = '' }) =>
        EventSourceArn.includes('Tasksdefault'),
      )?.UUID;
      await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
    };
    const takeByHand = async () => {
      const QueueUrl = await queueNamed('Tasksdefault');
      for (const end = Date.now() + END_MS; Date.now() < end; ) {
        const { Messages: [message] = [] } = await home.clients.sqs.send(
          new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5, VisibilityTimeout: 1 }),
        );
        if (message !== undefined) return { QueueUrl, ReceiptHandle: message.ReceiptHandle };
      }
      throw new Error('no message came');
    };
    const allOnce = (view: RunView): void =>
      expect(view).toMatchObject({ state: 'succeeded', counts: { succeeded: 14 } });

    test('when a schedule starts it, once, however many sweep', async () => {
      const at = Date.now() + 5_000;
      await home.client.schedules.put('once', { workflow: wide, timing: { at } });
      await Promise.all([sweep(), sweep()]);
      const schedule = await home.client.schedules.show('once');
      expect(schedule).toMatchObject({ state: 'done', started: 1, lastSlot: at });
      const view = await swept(schedule.lastRun ?? '');
      expect(view.createdAt).toBeGreaterThanOrEqual(at);
      allOnce(view);
      expect((await home.client.runs({ workflow: wide.name })).items.length).toBe(1);
    });

    test('when its fan-out is killed between save and send', async () => {
      let killed = 0;
      wire.meddle(({ target }) => {
        if (!isSend(target) || killed > 0) return 'passed';
        killed = home.kill('FanOut');
        return 'lost';
      });
      allOnce(await swept(await submit(wide)));
      expect(killed).toBeGreaterThan(0);
    });

    test('when batches of its stream come twice, since the fan-out died after all was done', async () => {
      let killed = 0;
      wire.meddle(({ target }) => {
        if (!isSend(target) || killed > 2) return 'passed';
        // The call is done a moment later, as if the answer had come too late for its caller.
        setTimeout(() => {
          killed += home.kill('FanOut');
        }, 50);
        return 'unanswered';
      });
      const id = await submit(wide);
      allOnce(await swept(id));
      expect(killed).toBeGreaterThan(0);
      const { items } = await home.client.tasks(id, { limit: 100 });
      expect(items.map(({ attempt }) => attempt)).toEqual(items.map(() => 1));
    });

    test('when its table is throttled', async () => {
      const dice = diceOf(11);
      let refused = 0;
      wire.meddle(({ target }) => {
        if (!target.startsWith('DynamoDB_2012') || !dice.chance(0.3)) return 'passed';
        refused++;
        const type = 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException';
        return { status: 400, body: { __type: type, message: 'slow down' } };
      });
      allOnce(await swept(await submit(wide)));
      expect(refused).toBeGreaterThan(3);
    });

    test('when its runner is killed at work', async () => {
      const line = '[ "$TASK_ATTEMPT" -gt 1 ] || sleep 300';
      const id = await submit(workflowOf({ only: { run: shell(line) } }));
      // From its heartbeat on others know of it.
      await runUntil(home.client, id, ({ running }) => running.length > 0);
      expect(home.kill('PooldefaultRun')).toBeGreaterThan(0);
      expect((await swept(id)).state).toBe('succeeded');
      const { attempts = [] } = await home.client.task(id, 'only');
      expect(attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded']);
    });

    test('when its message is deleted by hand', async () => {
      await runners(false);
      const id = await submit(workflowOf({ only: { run: one } }));
      await home.clients.sqs.send(new DeleteMessageCommand(await takeByHand()));
      await runners(true);
      await letVisitCome(id);
      const view = await swept(id);
      expect(view).toMatchObject({ state: 'succeeded', counts: { succeeded: 1 } });
    });

    test('when its message dies, which is an attempt lost for that reason', async () => {
      await runners(false);
      const id = await submit(
        workflowOf({ only: { run: one, delivery: 'at-least-once', lostMax: 0 } }),
      );
      const { QueueUrl } = await takeByHand();
      const { sqs } = home.clients;
      // As after its last receive: SQS looks at it when it is received once more.
      const policy = await redrivePolicy(QueueUrl);
      const set = (maxReceiveCount: string) =>
        sqs.send(
          new SetQueueAttributesCommand({
            QueueUrl,
            Attributes: { RedrivePolicy: JSON.stringify({ ...policy, maxReceiveCount }) },
          }),
        );
      await set('1');
      const isDead = async () =>
        (await waiting('QueuesDead')) > 0 || (await home.client.end(id, 0)).endedAt !== undefined;
      const receive = async () => {
        await sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 1 }));
      };
      await until('the message is dead', isDead, receive, END_MS);
      await set(policy.maxReceiveCount);
      await runners(true);
      const view = await swept(id);
      expect(view).toMatchObject({ state: 'failed', counts: { failed: 1 } });
      const { attempts = [] } = await home.client.task(id, 'only');
      expect(attempts.map(({ error }) => error?.message)).toEqual([
        'its message was received too often',
      ]);
    });

    test('when the emulator restarts with its state in the middle of it', async () => {
      const slow = workflowOf({
        first: { run: shell('sleep 5') },
        ...Object.fromEntries(
          Array.from({ length: 6 }, (_, n) => [`m${n}`, { needs: ['first'], run: one }]),
        ),
      });
      const id = await submit(slow);
      await home.emulator.restart();
      // What the emulator has forgotten is its stream: from here on only the sweep's visits lead on.
      const isOver = async () => (await home.client.end(id, 1_000)).endedAt !== undefined;
      const visit = () => letVisitCome(id).then(sweep);
      await until('the run has ended', isOver, visit, END_MS);
      const view = await home.client.run(id);
      expect(view).toMatchObject({ state: 'succeeded', counts: { succeeded: 7 } });
    });

    async function redrivePolicy(
      QueueUrl: string,
    ): Promise<{ deadLetterTargetArn: string; maxReceiveCount: string }> {
      return JSON.parse((await attributesOf(QueueUrl)).RedrivePolicy ?? '{}');
    }

    const waiting = async (name: string): Promise<number> =>
      Number((await attributesOf(await queueNamed(name))).ApproximateNumberOfMessages);

    async function attributesOf(QueueUrl: string): Promise<Record<string, string>> {
      const all = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
      return (await home.clients.sqs.send(all)).Attributes ?? {};
    }
  },
);
