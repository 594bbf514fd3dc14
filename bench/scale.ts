/**
 * Scale on paper, from measured parts: what large loads take of each quota of AWS, how much room is left, and what sets
 * it. The parts are those that `bench -- cost --json FILE` counted.
 *
 *   npm run bench -- scale [--cost FILE]
 *
 * `--json FILE` writes the rows too.
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { figure } from './row.ts';
import { keptRows, type ScaleRow, scaleRows } from './scale/loads.ts';
import { readParts } from './scale/parts.ts';
import { table } from './table.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    cost: { type: 'string', default: join(import.meta.dirname, 'cost', 'measured.json') },
  },
});

const parts = readParts(resolve(options.cost));
const rows = scaleRows(parts);
const kept = keptRows(10_000, 730);

function headroom({ takes, limit }: ScaleRow): string {
  const times = limit / takes;
  return times >= 1 ? `${figure(times)} times` : `OVER by ${figure(1 / times)} times`;
}

const over = rows.filter(({ takes, limit }) => takes > limit);
console.log(`
Parts counted ${parts.measured}; quotas by AWS's documents, 2023 to 2026.

${table(
  ['load', 'quota', 'takes', 'limit', 'unit', 'headroom', 'setting'],
  rows.map((row) => [
    row.load,
    row.quota,
    figure(row.takes),
    figure(row.limit),
    row.unit,
    headroom(row),
    row.setting,
  ]),
)}

1 KB a task at 10,000 a second:

${table(
  ['kept', 'TB', '$ a month', 'MB/s in'],
  kept.map((row) => [
    row.what,
    figure(row.terabytes),
    figure(row.usdPerMonth),
    figure(row.megabytesPerSecond),
  ]),
)}

${over.length === 0 ? 'Nothing is over its limit.' : `Over their limits: ${over.length} rows.`}
`);
if (options.json !== undefined)
  writeFileSync(
    resolve(options.json),
    `${JSON.stringify({ bench: 'scale', measured: parts.measured, rows, kept }, null, 2)}\n`,
  );
