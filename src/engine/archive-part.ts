import { gunzipSync, gzipSync } from 'node:zlib';
import type { RunSummary } from '../contract/api.ts';
import type { JsonObject } from '../contract/json.ts';
import { Problem } from '../contract/problem.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Item } from '../ports/table.ts';
import { keepLast } from './keep-last.ts';

/** One item of an archived run: whose it is, by place among the heads; the partition follows from that and the sort key. */
type Row = readonly [head: number, sort: string, version: number, data: JsonObject, bytes?: string];

interface Content {
  readonly format: 1;
  /** The runs in it, oldest first. */
  readonly heads: readonly RunSummary[];
  readonly rows: readonly Row[];
  /** Blobs with further rows of the only run in it: the first sort key of each, rising. */
  readonly more: readonly (readonly [sort: string, hash: string])[];
}

/** How large a part may grow before it is packed: packing it takes some ms, in which nothing else is done. */
const textMax = 512 * 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const rowText = (head: number, { sort, version, data, bytes }: Item): string =>
  JSON.stringify([
    head,
    sort,
    version,
    data,
    ...(bytes ? [Buffer.from(bytes).toString('base64')] : []),
  ]);

const packed = (text: string): Uint8Array => gzipSync(encoder.encode(text));

/** Gathers ended runs into one part: many small ones, or a large one whose rows fill several blobs. */
export class PartWriter {
  readonly #blobs: Pick<Blobs, 'put'>;
  readonly #heads: RunSummary[] = [];
  readonly #more: (readonly [sort: string, hash: string])[] = [];
  #rows: string[] = [];
  #first = '';
  #size = 0;

  constructor(blobs: Pick<Blobs, 'put'>) {
    this.#blobs = blobs;
  }

  /** No further run should be added. */
  get full(): boolean {
    return this.#size >= textMax || this.#more.length > 0;
  }

  get heads(): readonly RunSummary[] {
    return this.#heads;
  }

  /** Adds a run with its items, in the order of their sort keys. One that may be large comes first and alone. */
  async add(head: RunSummary, items: Iterable<Item> | AsyncIterable<Item>): Promise<void> {
    const place = this.#heads.push(head) - 1;
    for await (const item of items) {
      if (this.#size >= textMax && place === 0) await this.#spill();
      if (this.#rows.length === 0) this.#first = item.sort;
      const text = rowText(place, item);
      this.#rows.push(text);
      this.#size += text.length;
    }
  }

  async #spill(): Promise<void> {
    const hash = await this.#blobs.put(packed(`[${this.#rows.join()}]`));
    this.#more.push([this.#first, hash]);
    this.#rows = [];
    this.#size = 0;
  }

  /** Durable when answered, with the part's name. */
  async close(): Promise<string> {
    if (this.#more.length > 0) await this.#spill();
    const heads = JSON.stringify(this.#heads);
    const more = JSON.stringify(this.#more);
    return this.#blobs.put(
      packed(`{"format":1,"heads":${heads},"rows":[${this.#rows.join()}],"more":${more}}`),
    );
  }
}

/** Parts that were read last. */
export interface Parts {
  heads(part: string): Promise<readonly RunSummary[]>;
  /** The items of one run, in the order of their sort keys. */
  rows(part: string, head: number): Promise<readonly PartRows[]>;
}

/** Some of a run's items, from one sort key on to the next one's. */
export interface PartRows {
  /** '' for the first. */
  readonly from: string;
  items(): Promise<ReadonlyMap<string, Item>>;
}

const partsKept = 16;

export function createParts(blobs: Pick<Blobs, 'get'>): Parts {
  const known = new Map<string, Promise<unknown>>();
  const read = <T>(hash: string): Promise<T> => {
    const before = known.get(hash);
    if (before) return before as Promise<T>;
    const reading = unpack(blobs, hash);
    known.set(hash, reading);
    keepLast(known, partsKept);
    reading.catch(() => known.delete(hash));
    return reading as Promise<T>;
  };
  return {
    heads: async (part) => (await read<Content>(part)).heads,
    async rows(part, head) {
      const { rows, more } = await read<Content>(part);
      if (more.length === 0) return [{ from: '', items: async () => itemsOf(rows, head) }];
      return more.map(([sort, hash], n) => ({
        from: n === 0 ? '' : sort,
        items: async () => itemsOf(await read<readonly Row[]>(hash), head),
      }));
    },
  };
}

async function unpack(blobs: Pick<Blobs, 'get'>, hash: string): Promise<unknown> {
  const bytes = await blobs.get(hash);
  if (bytes === undefined)
    throw new Problem('data-damaged', `the archive's part ${hash} is missing`);
  return JSON.parse(decoder.decode(gunzipSync(bytes)));
}

function itemsOf(rows: readonly Row[], head: number): ReadonlyMap<string, Item> {
  const items = new Map<string, Item>();
  for (const [whose, sort, version, data, bytes] of rows) {
    if (whose !== head) continue;
    const beside =
      bytes === undefined ? {} : { bytes: new Uint8Array(Buffer.from(bytes, 'base64')) };
    items.set(sort, { partition: '', sort, version, data, ...beside });
  }
  return items;
}
