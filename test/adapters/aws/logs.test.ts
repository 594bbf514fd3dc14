import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from '@jest/globals';
import { encodeTime } from 'ulid';
import { runsMax } from '../../../src/adapters/aws/log-objects.ts';
import { s3Logs } from '../../../src/adapters/aws/logs.ts';
import { systemIds } from '../../../src/adapters/system.ts';
import type { LogLine } from '../../../src/ports/log-sink.ts';
import { Unavailable } from '../../../src/ports/table.ts';
import { nowhere, quickPatience, silence, stub } from '../../support/aws-stub.ts';
import { ManualClock } from '../embedded/manual-clock.ts';

const line = (run: string, text: string): LogLine => ({
  run,
  task: 'a',
  attempt: 1,
  at: 1,
  stream: 'stdout',
  text,
});

/** A bucket in memory; writes fail while told to. */
function bucket() {
  const objects = new Map<string, Uint8Array>();
  const state = { silent: false };
  const { client, calls } = stub(
    new S3Client(nowhere),
    // biome-ignore lint/suspicious/noExplicitAny: each command has an input of its own
    (command, { Key, Body, StartAfter = '' }: any) => {
      if (command === 'PutObject') {
        if (state.silent) throw silence();
        objects.set(Key, Body);
      } else if (command === 'GetObject')
        return { Body: { transformToByteArray: async () => objects.get(Key) } };
      else
        return {
          Contents: keys()
            .filter((key) => key > StartAfter)
            .map((key) => ({ Key: key })),
        };
    },
  );
  const keys = () => [...objects.keys()].sort();
  return { client, calls, keys, state };
}

function logsIn(at: ReturnType<typeof bucket>, clock: ManualClock, lag = 0) {
  return s3Logs({
    client: at.client,
    bucket: 'b',
    prefix: 'logs/',
    clock,
    ids: systemIds(() => clock.now() - lag),
    patience: { ...quickPatience(), triesMax: 2 },
    onTrouble: () => {},
  });
}

const runAt = (clock: ManualClock, name: string) =>
  `${encodeTime(clock.now())}${name.padStart(16, '0')}`;

describe('what tasks print', () => {
  test('of many runs is one object, after a while', async () => {
    const [at, clock] = [bucket(), new ManualClock()];
    const logs = logsIn(at, clock);
    await logs.append([line('r1', '1'), line('r2', '2')]);
    await logs.append([line('r1', '3')]);
    expect(at.keys()).toHaveLength(0);
    await clock.pass(1000);
    expect(at.keys()).toHaveLength(1);
    expect((await logs.read({ run: 'r1' })).lines.map(({ text }) => text)).toEqual(['1', '3']);
  });

  test('of more runs than a name holds are several objects', async () => {
    const [at, clock] = [bucket(), new ManualClock()];
    const logs = logsIn(at, clock);
    await logs.append(Array.from({ length: runsMax + 1 }, (_, n) => line(`r${n}`, String(n))));
    await logs.flush();
    expect(at.keys()).toHaveLength(2);
    for (const key of at.keys()) expect(key.length).toBeLessThanOrEqual(1024);
    expect((await logs.read({ run: `r${runsMax}` })).lines).toHaveLength(1);
  });

  test('is kept while it cannot be written, in order, and written later', async () => {
    const [at, clock] = [bucket(), new ManualClock()];
    const logs = logsIn(at, clock);
    at.state.silent = true;
    await logs.append([line('r', '1')]);
    await expect(logs.flush()).rejects.toThrow(Unavailable);
    await logs.append([line('r', '2')]);
    at.state.silent = false;
    await logs.flush();
    expect((await logs.read({ run: 'r' })).lines.map(({ text }) => text)).toEqual(['1', '2']);
  });

  test('that nobody can write makes those wait who print more', async () => {
    const [at, clock] = [bucket(), new ManualClock()];
    const logs = logsIn(at, clock);
    at.state.silent = true;
    const much = Array.from({ length: 1100 }, () => line('r', 'x'.repeat(16 * 1024)));
    await expect(logs.append(much)).rejects.toThrow(Unavailable);
  });
});

describe('who follows a run', () => {
  test('misses nothing of a runner whose object comes late, and gets nothing twice', async () => {
    const [at, clock] = [bucket(), new ManualClock()];
    const run = runAt(clock, 'A');
    const [quick, slow] = [logsIn(at, clock), logsIn(at, clock, 20_000)];
    await clock.pass(100_000);
    await quick.append([line(run, 'quick 1')]);
    await quick.flush();
    const first = await quick.read({ run });
    await slow.append([line(run, 'slow 1'), line(run, 'slow 2')]);
    await slow.flush();
    const second = await quick.read({ run, after: first.next, limit: 1 });
    const third = await quick.read({ run, after: second.next, limit: 1 });
    await clock.pass(100_000);
    await quick.append([line(run, 'quick 2')]);
    await quick.flush();
    const fourth = await quick.read({ run, after: third.next });
    const fifth = await quick.read({ run, after: fourth.next });
    const texts = [first, second, third, fourth, fifth].map(({ lines }) =>
      lines.map(({ text }) => text),
    );
    expect(texts).toEqual([['quick 1'], ['slow 1'], ['slow 2'], ['quick 2'], []]);
    expect(fifth.next.length).toBeLessThan(200);
  });

  test('opens no object of other runs', async () => {
    const [at, clock] = [bucket(), new ManualClock()];
    const logs = logsIn(at, clock);
    for (let n = 0; n < 20; n++) {
      await logs.append([line(`other${n}`, 'x')]);
      await logs.flush();
    }
    expect((await logs.read({ run: 'mine' })).lines).toEqual([]);
    expect(at.calls.filter(({ command }) => command === 'GetObject')).toHaveLength(0);
  });
});

test('of a run that has ended, what has a much later name is not looked at', async () => {
  const [at, clock] = [bucket(), new ManualClock()];
  const run = runAt(clock, 'A');
  const logs = logsIn(at, clock);
  const write = async (text: string) => {
    await logs.append([line(run, text)]);
    await logs.flush();
  };
  await write('at its end');
  const until = clock.now();
  await clock.pass(60_000);
  await write('late');
  await clock.pass(3_600_000);
  await write('of another time');
  const texts = async (query: object) =>
    (await logs.read({ run, ...query })).lines.map(({ text }) => text);
  expect(await texts({ until })).toEqual(['at its end', 'late']);
  expect(await texts({})).toEqual(['at its end', 'late', 'of another time']);
});
