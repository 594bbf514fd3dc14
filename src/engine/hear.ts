/** For those who count or tell what happens: hearing what passes by anyway, and changing nothing of it. */
import type { Lost, Report } from '../contract/happening.ts';
import type { Item, Put, PutResult, Table } from '../ports/table.ts';
import { fromData, type Meta, type PackData, runOf, sortKeys } from './items.ts';

/** Hears of each META that was stored, after that. `isNew`: the run was not there before. */
export type HearMeta = (meta: Meta, isNew: boolean) => void;

/** The same table; what is put through it is heard of. Nobody who puts waits for who hears. */
export function hearingMetas(table: Table, hear: HearMeta): Table {
  const look = ({ item, condition }: Put, result: PutResult | undefined): void => {
    if (result?.done) hear(fromData<Meta>(item.data), condition === 'absent');
  };
  const nothing = (): void => undefined;
  return {
    ...table,
    put(item, condition) {
      const done = table.put(item, condition);
      if (item.sort === sortKeys.meta)
        done.then((result) => look({ item, condition }, result), nothing);
      return done;
    },
    putMany(puts) {
      const done = table.putMany(puts);
      if (puts.some(({ item }) => item.sort === sortKeys.meta))
        done.then((results) => {
          for (const [n, put] of puts.entries())
            if (put.item.sort === sortKeys.meta) look(put, results[n]);
        }, nothing);
      return done;
    },
  };
}

export interface FeedListener {
  begun?(meta: Meta): void;
  reported?(run: string, report: Report): void;
  lost?(run: string, lost: Lost): void;
}

/** What items of the feed say. What comes twice is heard twice. */
export function hearFeed(items: readonly Item[], listener: FeedListener): void {
  for (const { partition, sort, data } of items) {
    if (sort === sortKeys.meta) listener.begun?.(fromData<Meta>(data));
    else if (sort.startsWith(sortKeys.lost))
      listener.lost?.(runOf(partition), fromData<Lost>(data));
    else if (sort.startsWith(sortKeys.pack) || sort.startsWith(sortKeys.mixedPack))
      for (const row of fromData<PackData>(data).reports)
        listener.reported?.(String(row.run ?? runOf(partition)), row as unknown as Report);
  }
}
