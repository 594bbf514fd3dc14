import type { DatabaseSync } from 'node:sqlite';
import { indexNames } from '../../ports/table.ts';
import type { DamageList } from './damage.ts';
import { entriesOf } from './entries.ts';
import { asColumns, type Columns, fromColumns, placeOf, readColumns } from './row.ts';

const FINDINGS_MAX = 100;

/**
 * Reads everything: the structure of the file, then every row against its checksum, then the indexes against the rows
 * and the other way round. Finds also what single reads cannot see: rows that are no longer reached.
 */
export function checkStore(db: DatabaseSync, file: string, damage: DamageList): void {
  const found = (place: string, reason: string) => damage.add({ file, place, reason });
  try {
    const findings = db.prepare(`PRAGMA integrity_check(${FINDINGS_MAX})`).all();
    for (const { integrity_check: text } of findings)
      if (text !== 'ok') found('structure', String(text).replaceAll('\n', '; '));
    const entries = checkItems(db, found);
    checkEntries(db, entries, found);
  } catch (error) {
    found('structure', (error as Error).message);
  }
}

type Found = (place: string, reason: string) => void;

/** Says how many index entries the items ask for. */
function checkItems(db: DatabaseSync, found: Found): number {
  const all = asColumns(db.prepare(`SELECT ${readColumns} FROM item`));
  const has = db.prepare('SELECT 1 FROM entry WHERE e=? AND k=?');
  let entries = 0;
  for (const row of all.iterate()) {
    const columns = row as unknown as Columns;
    const item = fromColumns(columns);
    if (item === undefined) found(placeOf(columns[0]), 'its checksum does not fit');
    for (const entry of entriesOf(item?.indexes, columns[0])) {
      entries++;
      if (has.get(entry, columns[0]) === undefined)
        found(placeOf(columns[0]), 'one of its indexes does not show it');
    }
  }
  return entries;
}

function checkEntries(db: DatabaseSync, wanted: number, found: Found): void {
  const count = Number(db.prepare('SELECT count(*) AS n FROM entry').get()?.n);
  if (count > wanted)
    found(
      `indexes ${indexNames.join(', ')}`,
      `${count - wanted} of their ${count} entries belong to no item`,
    );
}
