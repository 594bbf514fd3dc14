import { describe, expect, test } from '@jest/globals';
import { createAudit } from '../../src/access/audit.ts';
import { beginning, ChainCheck, chained, type Noted } from '../../src/access/audit-chain.ts';
import type { AuditEntry } from '../../src/contract/audit.ts';
import type { Item, Table } from '../../src/ports/table.ts';
import { openAccess } from '../support/access.ts';

const place = { namespace: 'main', shards: 1 };
const partition = 'main/AUDIT#0';

const noted = (n: number): Noted => ({
  at: n,
  kind: 'account',
  caller: 'ada',
  from: '192.0.2.7',
  operation: 'cancelRun',
  object: `/v1/runs/${n}`,
  status: 202,
});

async function filled(count: number) {
  const { ports } = openAccess();
  const audit = createAudit(ports, place);
  for (let n = 1; n <= count; n++) await audit.note(noted(n));
  const items = (await ports.table.query({ partition })).items;
  const put = (item: Item) => ports.table.put({ ...item, version: item.version + 1 }, 'any');
  return { ports, audit, items, put };
}

const altered = (item: Item, change: (entry: AuditEntry) => object): Item => {
  const { entries, ...rest } = item.data as unknown as { entries: AuditEntry[] };
  return { ...item, data: { ...rest, entries: entries.map(change) } as unknown as Item['data'] };
};

describe('what was written', () => {
  test('is found whole, and comes newest first, in pages', async () => {
    const { audit } = await filled(5);
    expect(await audit.verify()).toMatchObject({
      entries: 5,
      wrong: [],
      heads: [{ lane: '0', number: 5 }],
    });
    const first = await audit.list({ limit: 2 });
    expect(first.items.map(({ number, at }) => [number, at])).toEqual([
      [5, 5],
      [4, 4],
    ]);
    const second = await audit.list({ limit: 3, after: first.next ?? '' });
    expect(second.items.map(({ number }) => number)).toEqual([3, 2, 1]);
    expect(second.next).toBeNull();
  });

  test('at once by several servers is one chain in each lane', async () => {
    const { ports } = openAccess();
    const wide = { namespace: 'main', shards: 2 };
    const servers = [createAudit(ports, wide), createAudit(ports, wide)];
    const notes = Array.from({ length: 400 }, (_, n) => servers[n % 2]?.note(noted(n)));
    await Promise.all(notes);
    const verdict = await (servers[0] as (typeof servers)[0]).verify();
    expect(verdict).toMatchObject({ entries: 400, wrong: [] });
    expect(verdict.heads.reduce((sum, { number }) => sum + number, 0)).toBe(400);
    const seen: AuditEntry[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const more: Awaited<ReturnType<(typeof servers)[0]['list']>> = await (
        servers[1] as (typeof servers)[0]
      ).list({ limit: 70, ...(after !== '' && { after }) });
      seen.push(...more.items);
      after = more.next;
    }
    expect(new Set(seen.map(({ at }) => at)).size).toBe(400);
    expect(seen).toHaveLength(400);
  });

  test('is there once when the answer to its put was lost', async () => {
    const { ports } = openAccess();
    let lost = 0;
    const table: Table = {
      ...ports.table,
      put: async (item, condition) => {
        const result = await ports.table.put(item, condition);
        // As a store does that tries again by itself: what it finds is what it put.
        if (!item.partition.startsWith(partition) || lost++ % 2 === 0) return result;
        return ports.table.put(item, condition);
      },
    };
    const audit = createAudit({ ...ports, table }, place);
    for (let n = 1; n <= 6; n++) await audit.note(noted(n));
    expect(await audit.verify()).toMatchObject({ entries: 6, wrong: [] });
  });
});

describe('what was tampered with', () => {
  test.each(['at', 'kind', 'caller', 'from', 'operation', 'object', 'status', 'hash'] as const)(
    'by another %s is found',
    async (field) => {
      const { audit, items, put } = await filled(5);
      await put(altered(items[2] as Item, (entry) => ({ ...entry, [field]: `${entry[field]}0` })));
      expect((await audit.verify()).wrong).toEqual([{ lane: '0', number: 3, reason: 'altered' }]);
    },
  );

  test('by taking out one in the middle, the last, or all is found', async () => {
    const middle = await filled(5);
    await middle.ports.table.remove(middle.items[2] as Item, 'any');
    expect((await middle.audit.verify()).wrong).toMatchObject([{ number: 3, reason: 'missing' }]);
    const last = await filled(5);
    await last.ports.table.remove(last.items[4] as Item, 'any');
    expect((await last.audit.verify()).wrong).toMatchObject([{ number: 5, reason: 'cut off' }]);
    // It stays found when it goes on.
    await createAudit(last.ports, place).note(noted(6));
    expect((await last.audit.verify()).wrong).toMatchObject([{ number: 5, reason: 'missing' }]);
    const all = await filled(2);
    for (const item of all.items) await all.ports.table.remove(item, 'any');
    expect((await all.audit.verify()).wrong).toMatchObject([{ number: 1, reason: 'cut off' }]);
  });

  test('by exchanging two, or putting one in, is found', async () => {
    const { audit, items, put } = await filled(4);
    const [, second, third] = items as [Item, Item, Item];
    await put({ ...second, data: third.data });
    await put({ ...third, data: second.data });
    expect((await audit.verify()).wrong).toHaveLength(1);
    const other = await filled(4);
    await other.put(
      altered(other.items[1] as Item, (entry) => ({ ...entry, number: entry.number + 1 })),
    );
    expect((await other.audit.verify()).wrong).toHaveLength(1);
  });

  test('by a chain of another namespace is found', () => {
    const entries = chained(beginning('second', '0'), '0', [noted(1)]);
    const check = new ChainCheck('main', '0');
    for (const entry of entries) check.add(entry);
    expect(check.end(undefined).wrong).toEqual({ lane: '0', number: 1, reason: 'altered' });
  });
});
