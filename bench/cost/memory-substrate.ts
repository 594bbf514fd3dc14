import { setTimeout as sleep } from 'node:timers/promises';
import { toText } from '../../src/adapters/aws/message-text.ts';
import { type Row, rowKey, toRow } from '../../src/adapters/aws/row.ts';
import { batchesOf } from '../../src/adapters/aws/sends.ts';
import { systemHost } from '../../src/adapters/memory/host.ts';
import { memoryPorts, memorySystem } from '../../src/adapters/memory/system.ts';
import { systemClock, systemIds, systemRandom } from '../../src/adapters/system.ts';
import { queueOf } from '../../src/engine/dispatch.ts';
import { feedPrefixes } from '../../src/engine/items.ts';
import type { Blobs } from '../../src/ports/blobs.ts';
import type { Queue } from '../../src/ports/queue.ts';
import type { Item, Key, PutResult, Table } from '../../src/ports/table.ts';
import { Meter, type Party } from './meter.ts';
import { laneOf, type OnBatch, type Substrate } from './substrate.ts';

/** How long a request takes within a region: with none, nothing would come together that comes together there. */
const requestMs = 6;
/** Lambda polls a shard four times a second. */
const pollMs = 250;
const batchMax = 1000;
const messagesMax = 10;
const waitMs = 20_000;
const visibilityMs = 900_000;
const mark = new Uint8Array(8);
/** In place of a queue's address, where SQS's receipts begin with one. */
const queueMark = '@';

/** The ports in memory, each call as late as a request, and billed as the adapters to AWS would make it. */
export function memorySubstrate(onTrouble: (error: unknown) => void): Substrate {
  const system = memorySystem(systemHost);
  const meter = new Meter();
  const caller = { clock: systemClock, ids: systemIds(), random: systemRandom };
  const own = memoryPorts(system, caller);
  const stop = new AbortController();
  const inserts: Item[] = [];
  system.table.onChange((after, before) => {
    if (after && !before && feedPrefixes.some((one) => after.sort.startsWith(one)))
      inserts.push(after);
  });
  return {
    meter,
    directory: { url: async () => queueMark, named: (name) => name },
    ports(party, clock = systemClock) {
      const ports = memoryPorts(system, { ...caller, ids: systemIds(), clock });
      if (party === undefined) return ports;
      const blobs = meteredBlobs(ports.blobs, meter, party);
      const table = meteredTable(ports.table, meter, party);
      return { ...ports, table, blobs, queue: meteredQueue(ports.queue, blobs, meter, party) };
    },
    openStream(lanes, onBatch) {
      for (let lane = 0; lane < lanes; lane++) void readLane(lane, lanes, onBatch);
    },
    async receive() {
      const taken = await own.queue.take({
        queues: [queueOf(undefined)],
        max: messagesMax,
        waitMs,
        visibilityMs,
      });
      await sleep(requestMs);
      const records = await Promise.all(
        taken.map(async ({ queue, body, receipt, receiveCount, sentAt }) => {
          const record = {
            messageId: receipt.replaceAll(' ', '/'),
            receiptHandle: receipt,
            body: JSON.stringify(body),
            attributes: {
              ApproximateReceiveCount: String(receiveCount),
              SentTimestamp: String(sentAt),
            },
            eventSourceARN: `arn:${queue}`,
          };
          return { record, text: await toText(body, own.blobs) };
        }),
      );
      if (records.length > 0) meter.queued('source', bytesOf(records.map(({ text }) => text)));
      return records.map(({ record }) => record);
    },
    async remove(messages) {
      await own.queue.remove(messages.map(({ receiptHandle }) => receiptHandle));
      meter.queued('source', 0);
    },
    async close() {
      stop.abort();
    },
  };

  async function readLane(lane: number, lanes: number, onBatch: OnBatch): Promise<void> {
    while (!stop.signal.aborted) {
      await sleep(pollMs);
      for (let batch = mine(lane, lanes); batch.length > 0; batch = mine(lane, lanes)) {
        const items = batch;
        await onBatch(lane, items).catch((error: unknown) => {
          onTrouble(error);
          inserts.push(...items);
        });
      }
    }
  }

  function mine(lane: number, lanes: number): Item[] {
    const batch: Item[] = [];
    let kept = 0;
    for (const item of inserts)
      if (batch.length < batchMax && laneOf(item, lanes) === lane) batch.push(item);
      else inserts[kept++] = item;
    inserts.length = kept;
    return batch;
  }
}

const bytesOf = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);

const rowOf = (item: Item): Row => toRow(item, mark);
const rowIf = (item: Item | undefined): Row | undefined => item && rowOf(item);

/** The first word of a sort key: `META`, `PACK`. */
const kindOf = (key: Key | undefined): string => /^[A-Z]+/.exec(key?.sort ?? '')?.[0] ?? 'other';

function meteredTable(table: Table, meter: Meter, party: Party): Table {
  const round = meter.rounds(party);
  const late = <T>(kind: string, items: number, call: () => Promise<T>): Promise<T> =>
    round(async () => {
      meter.note(`${party} ${kind}`, items);
      await sleep(requestMs);
      return call();
    });
  const billed = (item: Item, result: PutResult): PutResult => {
    if (result.done) meter.put(rowOf(item));
    else meter.refused(rowIf(result.found));
    return result;
  };
  return {
    get: (key) =>
      late(`get ${kindOf(key)}`, 1, async () => {
        const item = await table.get(key);
        meter.got([rowIf(item)], true);
        return item;
      }),
    getMany: (keys) =>
      late(`get ${kindOf(keys[0])}`, keys.length, async () => {
        const items = await table.getMany(keys);
        const distinct = new Map(keys.map((key, i) => [`${key.partition}\0${key.sort}`, items[i]]));
        meter.got([...distinct.values()].map(rowIf), true);
        return items;
      }),
    query: (range) =>
      late('query', 1, async () => {
        const page = await table.query(range);
        meter.queried(page.items.map(rowOf), true);
        return page;
      }),
    put: (item, condition) =>
      late(`put ${kindOf(item)}`, 1, async () => billed(item, await table.put(item, condition))),
    putMany: (puts) =>
      late(`put ${kindOf(puts[0]?.item)}`, puts.length, async () => {
        const results = await table.putMany(puts);
        return results.map((result, i) => billed((puts[i] as { item: Item }).item, result));
      }),
    remove: (key, condition) =>
      late(`remove ${kindOf(key)}`, 1, async () => {
        const result = await table.remove(key, condition);
        if (result.done) meter.remove(rowKey(key));
        else meter.refused(rowIf(result.found));
        return result;
      }),
    index: (name, range) =>
      late(`index ${name}`, 1, async () => {
        const page = await table.index(name, range);
        const rows = page.items.map(rowOf);
        // An entry has its keys only; then the items are read.
        meter.queried(rows.map(entryOf), false);
        if (rows.length > 0) meter.got(rows, true);
        return page;
      }),
  };
}

function entryOf({ p, s, ap, as, rp, rs }: Row): Row {
  const keys = Object.entries({ p, s, ap, as, rp, rs });
  return Object.fromEntries(keys.filter(([, value]) => value !== undefined)) as Row;
}

function meteredQueue(queue: Queue, blobs: Blobs, meter: Meter, party: Party): Queue {
  const round = meter.rounds(party);
  const inTens = async (receipts: readonly string[], call: () => Promise<void>): Promise<void> => {
    for (let at = 0; at < receipts.length; at += messagesMax) meter.queued(party, 0);
    await call();
  };
  return {
    ...queue,
    send: (messages) =>
      round(async () => {
        await sleep(requestMs);
        for (const own of Map.groupBy(messages, (message) => message.queue).values()) {
          const texts = await Promise.all(own.map(({ body }) => toText(body, blobs)));
          for (const batch of batchesOf(texts.map((text) => ({ text, delaySeconds: 0 }))))
            meter.queued(party, bytesOf(batch.map(({ text }) => text)));
        }
        await queue.send(messages);
      }),
    remove: (receipts) => inTens(receipts, () => queue.remove(receipts)),
    extend: (receipts, ms) => inTens(receipts, () => queue.extend(receipts.map(withoutMark), ms)),
  };
}

const withoutMark = (receipt: string): string =>
  receipt.startsWith(`${queueMark} `) ? receipt.slice(queueMark.length + 1) : receipt;

function meteredBlobs(blobs: Blobs, meter: Meter, party: Party): Blobs {
  const round = meter.rounds(party);
  const late = <T>(command: string, call: () => Promise<T>): Promise<T> =>
    round(async () => {
      await sleep(requestMs);
      meter.object(command);
      return call();
    });
  return {
    ...blobs,
    // It is asked first whether it is there.
    put: async (bytes) => {
      await late('HeadObject', async () => undefined);
      return late('PutObject', () => blobs.put(bytes));
    },
    get: (hash) => late('GetObject', () => blobs.get(hash)),
    has: (hash) => late('HeadObject', () => blobs.has(hash)),
  };
}
