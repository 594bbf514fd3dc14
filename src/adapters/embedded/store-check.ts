import type { DatabaseSync } from 'node:sqlite';
import type { DamageList } from './damage.ts';
import { asColumns, type Columns, fromColumns, placeOf, readColumns } from './row.ts';

const FINDINGS_MAX = 100;

/**
 * Reads everything: the structure of the file with its indexes, which must show each row where it says, then every row
 * against its checksum. Finds also what single reads cannot see: rows that are no longer reached.
 */
export function checkStore(db: DatabaseSync, file: string, damage: DamageList): void {
  const found = (place: string, reason: string) => damage.add({ file, place, reason });
  try {
    const findings = db.prepare(`PRAGMA integrity_check(${FINDINGS_MAX})`).all();
    for (const { integrity_check: text } of findings)
      if (text !== 'ok') found('structure', String(text).replaceAll('\n', '; '));
    for (const row of asColumns(db.prepare(`SELECT ${readColumns} FROM item`)).iterate()) {
      const columns = row as unknown as Columns;
      if (fromColumns(columns) === undefined)
        found(placeOf(columns[0]), 'its checksum does not fit');
    }
  } catch (error) {
    found('structure', (error as Error).message);
  }
}
