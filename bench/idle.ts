/**
 * What a deployment costs in a month in which nobody uses it, by resource, from its templates and list prices.
 *
 *   npm run bench -- idle [--settings '{"pools": {...}}']
 *
 * `--json FILE` writes the rows too. Default: two pools on Lambda.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseSettings } from '../infra/settings.ts';
import { templatesOf } from '../infra/templates.ts';
import { buildFunctions } from '../tools/build-functions.ts';
import { pricesRead } from './cost/prices.ts';
import { idleBill, type StackTemplate, totalOf } from './idle/bill.ts';
import { standingPricesRead } from './idle/prices.ts';
import { idleVisits } from './idle/visits.ts';
import { table } from './table.ts';

const twoPools = { pools: { default: { kind: 'lambda' }, other: { kind: 'lambda' } } };
const aim = 1.5;

const { values: options } = parseArgs({
  options: { json: { type: 'string' }, settings: { type: 'string' } },
});
const settings = parseSettings(options.settings ?? twoPools);
const codeFolder = await buildFunctions(() => {});
const templates = templatesOf(settings, codeFolder) as Record<string, StackTemplate>;
const charges = idleBill(templates, await idleVisits());
const total = totalOf(charges);
const lines = charges.map(({ stack, resource, what, usdMonth }) => [
  stack,
  resource,
  what,
  usdMonth.toFixed(3),
]);
const heads = ['stack', 'resource', 'what', '$ a month'];
console.log(`\n${pricesRead}; ${standingPricesRead}\n`);
console.log(table(heads, [...lines, ['', '', 'all of it', total.toFixed(3)]]));
console.log(`\naim: at most $${aim.toFixed(2)}: ${total <= aim ? 'met' : 'MISSED'}\n`);
if (options.json !== undefined)
  writeFileSync(
    resolve(options.json),
    `${JSON.stringify({ bench: 'idle', total, aim, rows: charges }, null, 2)}\n`,
  );
