import { expect, test } from '@jest/globals';
import { BlobStore, memoryBlobs } from '../../../src/adapters/memory/blobs.ts';
import { LogStore, memoryLogs } from '../../../src/adapters/memory/logs.ts';
import { memoryProvisioner, PoolStore } from '../../../src/adapters/memory/provisioner.ts';
import { TimeHeap } from '../../../src/adapters/memory/time-heap.ts';

test('blobs lie under the hash of their content, and nobody can change them', async () => {
  const blobs = memoryBlobs(new BlobStore());
  const bytes = new TextEncoder().encode('abc');
  const hash = await blobs.put(bytes);
  expect(hash).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  bytes[0] = 0;
  (await blobs.get(hash))?.fill(0);
  expect(await blobs.get(hash)).toEqual(new TextEncoder().encode('abc'));
  expect([await blobs.has(hash), await blobs.has('no')]).toEqual([true, false]);
  expect(await blobs.get('no')).toBeUndefined();
});

test('logs are read page by page, and on from where the last page ended', async () => {
  const logs = memoryLogs(new LogStore());
  const line = (task: string, text: string) =>
    ({ run: 'r', task, attempt: 1, at: 0, stream: 'stdout', text }) as const;
  await logs.append([line('a', '1'), line('b', '2'), line('a', '3')]);
  const first = await logs.read({ run: 'r', task: 'a', limit: 1 });
  expect(first.lines.map(({ text }) => text)).toEqual(['1']);
  const second = await logs.read({ run: 'r', task: 'a', after: first.next });
  expect(second.lines.map(({ text }) => text)).toEqual(['3']);
  await logs.append([line('a', '4')]);
  const third = await logs.read({ run: 'r', after: second.next });
  expect(third.lines.map(({ text }) => text)).toEqual(['4']);
});

test('pools remember what is wanted, and tell', async () => {
  const asked: unknown[] = [];
  const pools = memoryProvisioner(
    new PoolStore(
      () => 1,
      (...set) => asked.push(set),
    ),
  );
  await pools.set('default', 3);
  expect(await pools.read('default')).toEqual({ wanted: 3, running: 1 });
  expect(asked).toEqual([['default', 3]]);
});

test('a time heap gives values by time, and of equal times in the order of their coming', () => {
  const heap = new TimeHeap<number>();
  const times = Array.from({ length: 500 }, (_, i) => (i * 7919) % 50);
  times.forEach((time, i) => void heap.push(time, i));
  const want = times.map((time, i) => [time, i] as const).sort(([a, i], [b, j]) => a - b || i - j);
  const got = times.map(() => [heap.nextAt, heap.pop()]);
  expect(got).toEqual(want);
  expect([heap.size, heap.nextAt, heap.pop()]).toEqual([0, Number.POSITIVE_INFINITY, undefined]);
});
