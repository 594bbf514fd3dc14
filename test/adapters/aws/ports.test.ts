import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { Meter } from '../../../bench/cost/meter.ts';
import { type Emulator, startEmulator } from '../../../tools/aws-local/emulator.ts';
import { whyNoEmulator } from '../../../tools/aws-local/environment.ts';
import { testBlobs } from '../../ports/blobs.suite.ts';
import { testFeed } from '../../ports/feed.suite.ts';
import { testLogSink } from '../../ports/log-sink.suite.ts';
import { testQueue } from '../../ports/queue.suite.ts';
import { testTable } from '../../ports/table.suite.ts';
import { INSTALL_MS, openAwsHome, receivesMax } from '../../support/aws-home.ts';
import { diceOf } from '../../support/dice.ts';
import { addStepsInSilence, insertInSilence, loseAnswers } from './silences.ts';
import { expectDocumentedUnits } from './units.ts';

const reason = whyNoEmulator();
const onEmulator = reason === undefined ? describe : describe.skip;

onEmulator(reason ?? 'on an AWS on this machine', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator();
  }, INSTALL_MS);
  afterAll(async () => emulator?.stop());

  const settle = async (): Promise<void> => undefined;

  testTable('the table of DynamoDB', async () => {
    const home = await openAwsHome(emulator.place);
    return {
      table: home.ports().table,
      settle,
      reopen: async () => home.ports().table,
      close: async () => home.close(),
    };
  });

  testFeed('the stream of DynamoDB', async () => {
    const home = await openAwsHome(emulator.place);
    return {
      ...home.ports(),
      settle,
      reopen: async () => home.ports(),
      close: async () => home.close(),
    };
  });

  testQueue('the queue of SQS', async () => {
    const home = await openAwsHome(emulator.place);
    const { queue } = home.ports();
    return {
      queue,
      receivesMax,
      wait: (ms) => sleep(ms),
      close: async () => {
        await queue.close();
        home.close();
      },
    };
  });

  testBlobs('the blobs of S3', async () => {
    const home = await openAwsHome(emulator.place);
    return {
      blobs: home.ports().blobs,
      reopen: async () => home.ports().blobs,
      damage: async (hash) => {
        const put = { Bucket: home.bucket, Key: `blobs/${hash}`, Body: 'something else' };
        await home.clients.s3.send(new PutObjectCommand(put));
      },
      close: async () => home.close(),
    };
  });

  testLogSink('the log sink of S3', async () => {
    const home = await openAwsHome(emulator.place);
    const { logs } = home.ports();
    return {
      logs,
      settle: () => logs.flush(),
      close: async () => {
        await logs.close();
        home.close();
      },
    };
  });

  test.each([1, 2, 3])(
    'what the table says is true though answers are lost (seed %i)',
    async (seed) => {
      const home = await openAwsHome(emulator.place);
      loseAnswers(home.clients, diceOf(seed));
      const { table } = home.ports();
      await insertInSilence(table);
      await addStepsInSilence(table);
      home.close();
    },
  );

  test('its requests cost the units that the documents say', async () => {
    const home = await openAwsHome(emulator.place);
    const meter = new Meter();
    meter.watch(home.clients, 'runner');
    await expectDocumentedUnits(home.ports().table, meter);
    home.close();
  });
});
