import { randomBytes } from 'node:crypto';
import { expect } from '@jest/globals';
import type { Meter } from '../../../bench/cost/meter.ts';
import type { Item, Table } from '../../../src/ports/table.ts';
import { freshPartition, item } from '../../ports/table-kit.ts';

/**
 * What DynamoDB's documents say: a write unit a KB of the item, and one for each index whose entry is new, changed or
 * gone, twice when it moves; a read unit for 4 KB, and for what is not there.
 */
export async function expectDocumentedUnits(table: Table, meter: Meter): Promise<void> {
  const p = freshPartition();
  const small = (sort: string, version = 1, more: Partial<Item> = {}): Item =>
    item(p, sort, version, { n: 1 }, more);
  const large = (sort: string, kilobytes: number): Item =>
    small(sort, 1, { bytes: Uint8Array.from(randomBytes(kilobytes * 1024)) });
  const at = (sort: string) => ({ partition: p, sort });
  const both = { active: at('1'), recent: at('1') };
  const writes: readonly [string, number, () => Promise<unknown>][] = [
    ['a small item', 1, () => table.put(small('a'), 'absent')],
    ['2.5 KB', 3, () => table.put(large('b', 2.5), 'absent')],
    ['over 2.5 KB', 3, () => table.put(small('b', 2), { version: 1 })],
    ['a new item in two indexes', 3, () => table.put(small('c', 1, { indexes: both }), 'absent')],
    ['again', 1, () => table.put(small('c', 2, { indexes: both }), { version: 1 })],
    [
      'moved in one',
      3,
      () => table.put(small('c', 3, { indexes: { ...both, active: at('2') } }), { version: 2 }),
    ],
    [
      'gone from one',
      2,
      () => table.put(small('c', 4, { indexes: { recent: at('1') } }), { version: 3 }),
    ],
    ['a refused put', 1, () => table.put(small('a', 9), { version: 8 })],
    ['a removal', 1, () => table.remove(at('a'), 'any')],
  ];
  for (const [name, want, write] of writes) {
    const before = unitsWritten(meter);
    await write();
    expect([name, unitsWritten(meter) - before]).toEqual([name, want]);
  }
  await table.put(large('d', 5), 'absent');
  const reads: readonly [string, number, () => Promise<unknown>][] = [
    ['a small item', 1, () => table.get(at('b'))],
    ['5 KB', 2, () => table.get(at('d'))],
    ['nothing', 1, () => table.get(at('none'))],
    ['several', 3, () => table.getMany([at('b'), at('c'), at('none')])],
    ['a range of small ones', 1, () => table.query({ partition: p, to: 'd' })],
  ];
  for (const [name, want, read] of reads) {
    const before = meter.counted.reads;
    await read();
    expect([name, meter.counted.reads - before]).toEqual([name, want]);
  }
}

const unitsWritten = ({ counted }: Meter): number => counted.tableWrites + counted.indexWrites;
