/**
 * Replays traces through our capacity policy, through target tracking, through KEDA's rule and through plans made in
 * hindsight, in one simulation, and says where an aim is missed and by how much.
 *
 *   npm run bench -- capacity [--acceptable 1,10,60] [--traces DIR] [--only TEXT] [--slots 4] [--start-up 40] [--why]
 *
 * `--json FILE` writes the rows too; `--why` prints what our policy decided, and why. The figures do not depend on the
 * machine: all time is simulated, all chance comes from seeds.
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { compare } from './capacity/compare.ts';
import { heldOutTraces, tuningTraces } from './capacity/generated.ts';
import { recordedTraces } from './capacity/recorded.ts';
import { capacityTable, summary } from './capacity/report.ts';
import type { World } from './capacity/world.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string', default: '' },
    traces: {
      type: 'string',
      default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'traces'),
    },
    acceptable: { type: 'string', default: '10' },
    slots: { type: 'string', default: '4' },
    'start-up': { type: 'string', default: '40' },
    why: { type: 'boolean', default: false },
  },
});

/** Fargate: 20 launches a second after the first 100, a minute billed at least. */
const world: World = {
  slots: Number(options.slots),
  startUpS: Number(options['start-up']),
  launchBurst: 100,
  launchesPerS: 20,
  billedMinS: 60,
  runnersMax: 1000,
  seed: 5,
};

const folder = resolve(options.traces);
const recorded = recordedTraces(folder, (file) => console.log(`${file}: no arrivals in it`));
if (recorded.length === 0) console.log(`no recorded traces in ${folder}: only generated ones`);
const traces = [...recorded, ...tuningTraces(), ...heldOutTraces()].filter(({ name }) =>
  name.includes(options.only),
);
const acceptable = options.acceptable.split(',').map(Number);
const tell = options.why ? (line: string) => console.log(line) : undefined;
const rows = traces.flatMap((trace) => compare(trace, acceptable, world, tell));
for (const acceptableS of acceptable) {
  const own = rows.filter((row) => row.acceptableS === acceptableS);
  console.log(`\nAcceptable wait ${acceptableS} s\n\n${capacityTable(own)}\n\n${summary(own)}`);
}
if (options.json !== undefined)
  writeFileSync(
    resolve(options.json),
    `${JSON.stringify({ bench: 'capacity', world, rows }, null, 2)}\n`,
  );
