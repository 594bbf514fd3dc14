import { figure } from '../row.ts';
import { table } from '../table.ts';
import type { CostRow } from './measure.ts';
import { floorUsdPerMillion, peers } from './peers.ts';
import { functionGb, prices, pricesRead, retentionDays } from './prices.ts';

export const about = `Dollars a million tasks without the tasks' own compute; prices: ${pricesRead}.
Counted on the clients' requests, by the documents' rules: units of table and indexes by size, refused writes, reads,
SQS requests by 64 KB, the event source's receives and deletes, objects, invocations. Lambda polls the stream for
nothing. Played, not counted: durations, 8 ms for each round of requests and 5 ms an invocation, at ${functionGb.toFixed(2)} GB; a
runner's beyond its tasks. Storage: ${retentionDays} days. In it: one visit of the sweep to what is six minutes old; runs submitted a
hundred a request. Not in it: what goes on by the clock (polling of empty queues, $${(5 * 3 * 60 * 24 * 30 * prices.queueRequest).toFixed(2)} a queue and month; the sweep).`;

const money = (dollars: number): string => dollars.toFixed(3);

function outcome({ aim, usdPerMillion, failed, troubles }: CostRow): string {
  const bad =
    failed > 0 || troubles.length > 0 ? `; ${failed} FAILED, ${troubles.length} troubles` : '';
  if (aim === undefined) return `printed only${bad}`;
  const by = `${(Math.abs(usdPerMillion / aim - 1) * 100).toFixed(0)} %`;
  return `${usdPerMillion <= aim ? 'met' : 'MISSED'} by ${by}${bad}`;
}

export function costTable(rows: readonly CostRow[]): string {
  const names = Object.keys(rows[0]?.components ?? {});
  return table(
    ['workload', 'delivery', 'tasks', 'tasks/s here', '$ a million', ...names, 'aim', 'outcome'],
    rows.map((row) => [
      row.workload,
      row.delivery,
      figure(row.tasks),
      figure(row.tasks / row.seconds),
      money(row.usdPerMillion),
      ...names.map((name) => money(row.components[name] ?? 0)),
      row.aim === undefined ? '' : `<= ${row.aim}`,
      outcome(row),
    ]),
  );
}

/** What others would charge for the same shapes, and how much of our price is above the floor. */
export function peerTable(rows: readonly CostRow[]): string {
  const claimed = rows.filter(({ delivery }) => delivery === 'claimed');
  const heads = [
    'by the model, $ a million',
    'price of',
    ...claimed.map(({ workload }) => workload),
  ];
  const lines = peers.map(({ name, read, usdPerMillion }) => [
    name,
    read,
    ...claimed.map(({ shape }) => figure(usdPerMillion(shape)) || 'n/a'),
  ]);
  const ours = ['fanfold, claimed', 'counted', ...claimed.map((row) => money(row.usdPerMillion))];
  const above = claimed.map(({ components }) => keepsFrom(components));
  const floor = ['keeps it from the floor', `$${floorUsdPerMillion}`, ...above];
  return table(heads, [ours, ...lines, floor]);
}

/** The two largest components. */
function keepsFrom(components: CostRow['components']): string {
  const largest = Object.entries(components).sort(([, a], [, b]) => b - a);
  return largest
    .slice(0, 2)
    .map(([name, dollars]) => `${name} ${money(dollars)}`)
    .join(', ');
}

export const requestsText = ({ requests, counted, tasks }: CostRow): string =>
  [
    ...Object.entries(requests).map(([name, count]) => `  ${name} ${(count / tasks).toFixed(4)}`),
    ...Object.entries(counted).map(([name, count]) => `  ${name} ${(count / tasks).toFixed(4)}`),
  ].join('\n');
