/**
 * `npm run prove:schedules`: every time zone, every change of its clocks in some years, drawn expressions; compared with
 * a walk over every minute. `-- [first year] [last year] [expressions for each change] [seed]`
 */
import { nextSlot, type Timing } from '../../../src/core/schedule-timing.ts';
import { nextChange } from '../../../src/core/schedule-zone.ts';
import { parseCron } from '../../../src/definition/cron.ts';
import { drawCron, expectedSlots, readWalls, type Walls } from '../../support/cron-oracle.ts';
import { type Dice, diceOf } from '../../support/dice.ts';

const [firstYear = 2015, lastYear = 2037, expressions = 40, seed = 1] = process.argv
  .slice(2)
  .map(Number);
const dayMs = 86_400_000;
const minuteMs = 60_000;
const policies = ['once', 'skip', 'both'] as const;

function slotsBetween(timing: Timing, from: number, end: number): number[] {
  const slots: number[] = [];
  for (let at = nextSlot(timing, from - 1); at !== undefined && at < end; at = nextSlot(timing, at))
    slots.push(at);
  return slots;
}

const tell = (line: string): void => void process.stdout.write(`${line}\n`);
const counts = { zones: 0, changes: 0, compared: 0, slots: 0, wrong: 0 };

function compare(dice: Dice, zone: string, walls: Walls): void {
  const cron = drawCron(dice);
  const fields = parseCron(cron.text);
  if ('mistake' in fields) return;
  const dst = dice.pick(policies);
  const end = walls.from + walls.walls.length * minuteMs;
  const timing: Timing = { recurrence: { kind: 'cron', fields, dst }, zone };
  const found = slotsBetween(timing, walls.from, end);
  counts.compared += 1;
  counts.slots += found.length;
  if (JSON.stringify(found) === JSON.stringify(expectedSlots(cron, dst, walls))) return;
  counts.wrong += 1;
  tell(`differs: ${zone} ${new Date(walls.from).toISOString()} "${cron.text}" ${dst}`);
}

const dice = diceOf(seed);
for (const zone of Intl.supportedValuesOf('timeZone')) {
  counts.zones += 1;
  const end = Date.UTC(lastYear + 1, 0);
  for (let at = Date.UTC(firstYear, 0); at < end; ) {
    const change = nextChange(zone, at, end);
    if (change === undefined) break;
    at = change.at;
    counts.changes += 1;
    const walls = readWalls(zone, at - dayMs - dice.upTo(1000) * minuteMs, 3 * 1440);
    for (let n = 0; n < expressions; n++) compare(dice, zone, walls);
  }
}
tell(
  `${counts.zones} zones, ${counts.changes} changes of clocks, ${counts.compared} comparisons, ${counts.slots} slots: ${counts.wrong} differ`,
);
process.exitCode = counts.wrong === 0 ? 0 : 1;
