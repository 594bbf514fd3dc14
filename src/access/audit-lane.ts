/** One chain of the audit, in the table. */
import type { AuditEntry } from '../contract/audit.ts';
import { asData, fromData } from '../engine/items.ts';
import { pagesOf } from '../engine/pages.ts';
import type { Item, Key } from '../ports/table.ts';
import { beginning, ChainCheck, chained, type Head, type Noted } from './audit-chain.ts';
import type { AccessPorts, Place } from './items.ts';
import { newId } from './secrets.ts';

export interface Lane {
  readonly name: string;
  note(noted: Noted): Promise<void>;
  /** Newest first; `below`: before that number. */
  newest(limit: number, below?: number): Promise<readonly AuditEntry[]>;
  check(): Promise<ReturnType<ChainCheck['end']>>;
}

/** Entries that came together lie in one item. `nonce`: whose it is, when the answer to its put was lost. */
interface Block {
  readonly nonce: string;
  readonly entries: readonly AuditEntry[];
}

const TOGETHER_MAX = 100;
const DIGITS = 12;

const sortOf = (number: number): string => String(number).padStart(DIGITS, '0');
const entriesOf = ({ data }: Item): readonly AuditEntry[] => fromData<Block>(data).entries;

/** Where a lane lies, and what is known of its end. */
interface Ground {
  readonly ports: AccessPorts;
  readonly namespace: string;
  readonly name: string;
  readonly partition: string;
  readonly headKey: Key;
}

export function createLane(ports: AccessPorts, { namespace }: Place, name: string): Lane {
  const partition = `${namespace}/AUDIT#${name}`;
  const headKey = { partition: `${namespace}/AUDIT-HEADS`, sort: name };
  const ground: Ground = { ports, namespace, name, partition, headKey };
  return {
    name,
    note: createWriter(ground),
    async newest(limit, below) {
      const to = below === undefined ? {} : { to: sortOf(below) };
      const { items } = await ports.table.query({ partition, reverse: true, limit, ...to });
      const entries = items.flatMap((item) => [...entriesOf(item)].reverse());
      const asked = entries.filter(({ number }) => below === undefined || number < below);
      return asked.slice(0, limit);
    },
    async check() {
      // Read before the entries, as more of them may come meanwhile.
      const last = await keptHead(ground);
      const check = new ChainCheck(namespace, name);
      for await (const items of pagesOf(ports.table, { partition }))
        for (const entry of items.flatMap(entriesOf)) check.add(entry);
      return check.end(last);
    },
  };
}

async function keptHead({ ports, headKey }: Ground): Promise<Head | undefined> {
  const item = await ports.table.get(headKey);
  return item && fromData<Head>(item.data);
}

/** Where the chain goes on: after the last entry, or where one was that is gone, so that this is seen. */
async function lastHead(ground: Ground): Promise<Head> {
  const { ports, partition, namespace, name } = ground;
  const { items } = await ports.table.query({ partition, reverse: true, limit: 1 });
  const last = items[0] && entriesOf(items[0]).at(-1);
  const known = await keptHead(ground);
  if (last === undefined) return known ?? beginning(namespace, name);
  return known !== undefined && known.number > last.number ? known : last;
}

/** Many servers may write: who finds its place taken goes on from there. Gives where the chain ends now. */
async function append(
  ground: Ground,
  known: Head | undefined,
  noted: readonly Noted[],
): Promise<Head> {
  const { ports, partition, headKey, name } = ground;
  const nonce = newId();
  for (let head = known; ; head = undefined) {
    const from = head ?? (await lastHead(ground));
    const entries = chained(from, name, noted);
    const block: Block = { nonce, entries };
    const key = { partition, sort: sortOf(from.number + 1) };
    const put = await ports.table.put({ ...key, version: 1, data: asData(block) }, 'absent');
    if (!put.done && (!put.found || fromData<Block>(put.found.data).nonce !== nonce)) continue;
    const { number, hash } = entries.at(-1) ?? from;
    await ports.table.put({ ...headKey, version: 1, data: { number, hash } }, 'any');
    return { number, hash };
  }
}

/** What comes while one write is under way is written together after it. */
function createWriter(ground: Ground): Lane['note'] {
  let head: Head | undefined;
  let waiting: { readonly noted: Noted; readonly done: (error?: unknown) => void }[] = [];
  let isWriting = false;

  async function writeTogether(): Promise<void> {
    const now = waiting.slice(0, TOGETHER_MAX);
    waiting = waiting.slice(TOGETHER_MAX);
    try {
      head = await append(
        ground,
        head,
        now.map(({ noted }) => noted),
      );
      for (const { done } of now) done();
    } catch (error) {
      head = undefined;
      for (const { done } of now) done(error);
    }
  }

  async function writeAll(): Promise<void> {
    isWriting = true;
    while (waiting.length > 0) await writeTogether();
    isWriting = false;
  }

  return (noted) =>
    new Promise((resolve, reject) => {
      waiting.push({
        noted,
        done: (error) => (error === undefined ? resolve() : reject(error)),
      });
      if (!isWriting) void writeAll();
    });
}
