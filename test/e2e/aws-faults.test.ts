import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { EventQueue } from '../../src/adapters/aws/event-queue.ts';
import type { AwsPorts } from '../../src/adapters/aws/ports.ts';
import type { RunView } from '../../src/contract/api.ts';
import type { Workflow } from '../../src/contract/workflow.ts';
import { queueOf } from '../../src/engine/dispatch.ts';
import type { Taken } from '../../src/ports/queue.ts';
import { type Emulator, startEmulator } from '../../tools/aws-local/emulator.ts';
import { whyNoEmulator } from '../../tools/aws-local/environment.ts';
import { loseAnswers } from '../adapters/aws/silences.ts';
import { until } from '../ports/until.ts';
import { type AwsEngine, type AwsEngineOptions, openAwsEngine } from '../support/aws-engine.ts';
import { type AwsHome, INSTALL_MS, openAwsHome, receivesMax } from '../support/aws-home.ts';
import { diceOf } from '../support/dice.ts';
import { node, workflowOf } from './runs.ts';

const reason = whyNoEmulator();
const onEmulator = reason === undefined ? describe : describe.skip;
const queues = [queueOf(undefined)];
const one = node('return 1;');

const wide = workflowOf({
  first: { run: one },
  ...Object.fromEntries(
    Array.from({ length: 20 }, (_, n) => [`m${n}`, { needs: ['first'], run: one }]),
  ),
  last: { needs: Array.from({ length: 20 }, (_, n) => `m${n}`).sort(), run: one },
});

onEmulator(reason ?? 'what goes wrong on an AWS on this machine', () => {
  let emulator: Emulator;
  let home: AwsHome;
  let aws: AwsEngine | undefined;
  let ports: AwsPorts;
  const troubles: unknown[] = [];

  beforeAll(async () => {
    emulator = await startEmulator();
  }, INSTALL_MS);
  afterAll(async () => emulator?.stop());
  afterEach(async () => {
    await aws?.close();
    home?.close();
    aws = undefined;
  });

  const open = async (options: Partial<AwsEngineOptions> = {}): Promise<AwsEngine> => {
    home = await openAwsHome(emulator.place);
    ports = home.ports();
    troubles.length = 0;
    aws = openAwsEngine({ ports, troubles, ...options });
    return aws;
  };
  const submit = async (workflow: Workflow): Promise<string> =>
    (await (aws as AwsEngine).engine.submit({ workflow })).run.id;
  const ended = async (id: string): Promise<RunView> => {
    const { engine } = aws as AwsEngine;
    await engine.end(id, 240_000);
    return engine.run(id);
  };
  /** Takes the next message, as a runner would that then does nothing about it. */
  const take = async (visibilityMs: number): Promise<Taken> => {
    const taken = await ports.queue.take({ queues, max: 1, waitMs: 20_000, visibilityMs });
    expect(taken).toHaveLength(1);
    return taken[0] as Taken;
  };
  /** Lets time pass, and what is done by the clock be done, until the run has ended. */
  const swept = async (id: string): Promise<RunView> => {
    const { engine, sweep } = aws as AwsEngine;
    const isOver = async () => (await engine.end(id, 200)).endedAt !== undefined;
    await until('the run has ended', isOver, sweep, 240_000);
    return engine.run(id);
  };

  test('every batch of the feed comes twice, and half of them thrice: each task runs once', async () => {
    let calls = 0;
    const { engine } = await open({
      around: (handler) => async (items) => {
        calls++;
        await handler(items);
        await handler(items);
        if (calls % 2 === 0) throw new Error('answered by nothing');
      },
    });
    const view = await ended(await submit(wide));
    expect(view.counts).toMatchObject({ succeeded: 22 });
    const { items } = await engine.tasks(view.id, { limit: 100 });
    expect(items.map(({ attempt }) => attempt)).toEqual(items.map(() => 1));
    expect(troubles).toEqual([]);
  });

  test('a message that is lost is sent again by a sweep', async () => {
    await open({ runs: false, settings: { wakeMs: 500 } });
    const id = await submit(workflowOf({ only: { run: one } }));
    await ports.queue.remove([(await take(30_000)).receipt]);
    aws?.startRunner();
    const view = await swept(id);
    expect(view).toMatchObject({ state: 'succeeded', counts: { succeeded: 1 } });
  });

  test('a message that kills its runners is a dead letter, and its attempt is lost', async () => {
    const { engine } = await open({ runs: false });
    const id = await submit(workflowOf({ only: { run: one, delivery: 'at-least-once' } }));
    for (let count = 1; count <= receivesMax; count++)
      expect((await take(1_000)).receiveCount).toBe(count);
    // Only a take moves it, and that one gets nothing.
    const gone = { queues, max: 1, waitMs: 2_000, visibilityMs: 1_000 };
    expect(await ports.queue.take(gone)).toEqual([]);
    aws?.startRunner();
    const view = await swept(id);
    expect(view.state).toBe('succeeded');
    expect((await engine.task(id, 'only')).attempt).toBe(2);
  });

  test('a message that a function gives back comes again soon, whatever its queue says', async () => {
    await open({ runs: false });
    await submit(workflowOf({ only: { run: one } }));
    const { sqs } = home.clients;
    const QueueUrl = (await home.queues.url(queueOf(undefined))) as string;
    const receive = async (WaitTimeSeconds: number) => {
      const MessageSystemAttributeNames = ['All' as const];
      const call = {
        QueueUrl,
        WaitTimeSeconds,
        VisibilityTimeout: 900,
        MessageSystemAttributeNames,
      };
      return (await sqs.send(new ReceiveMessageCommand(call))).Messages ?? [];
    };
    const [message] = await receive(20);
    const queue = new EventQueue({
      queue: ports.queue,
      blobs: ports.blobs,
      directory: home.queues,
      againMs: 1_000,
      onTrouble: (error) => troubles.push(error),
    });
    const event = await queue.receive([
      {
        messageId: message?.MessageId ?? '',
        receiptHandle: message?.ReceiptHandle ?? '',
        body: message?.Body ?? '',
        attributes: message?.Attributes as never,
        eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${QueueUrl.split('/').at(-1)}`,
      },
    ]);
    expect(event.taken).toMatchObject([{ queue: queueOf(undefined), receiveCount: 1 }]);
    await event.giveBack();
    expect((await receive(20)).map(({ MessageId }) => MessageId)).toEqual([message?.MessageId]);
    expect(troubles).toEqual([]);
  });

  test('answers that are lost, and throttling, change nothing', async () => {
    await open({ settings: { wakeMs: 2_000 } });
    loseAnswers(home.clients, diceOf(7));
    const ids = await Promise.all([submit(wide), submit(wide)]);
    for (const id of ids) {
      const view = await swept(id);
      expect(view).toMatchObject({ state: 'succeeded', counts: { succeeded: 22 } });
    }
    expect(troubles).toEqual([]);
  });
});
