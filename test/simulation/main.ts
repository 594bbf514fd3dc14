/* biome-ignore-all lint/suspicious/noConsole: a command that prints its findings */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { allModes, modesOf, type RangeResult, scenarioOf, sometimes } from './engine/batches.ts';
import { censusOf, censusTable, outOfReach, unreached, untried } from './engine/census.ts';
import { playMutants } from './engine/mutate.ts';
import { playStories } from './engine/stories.ts';
import { type Order, ordersOf, playOrders, serveOrders } from './engine/workers.ts';
import { shrink, story } from './kernel/shrink.ts';

/** Plays many simulated worlds with the real engine in them, in a few processes, and says what became of them. */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    repair: { type: 'string', default: 'both' },
    profile: { type: 'string', default: 'all' },
    jobs: { type: 'string', default: '2' },
    until: { type: 'string', default: '1' },
    json: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    census: { type: 'boolean', default: false },
    stories: { type: 'boolean', default: false },
    only: { type: 'string' },
    part: { type: 'string' },
  },
});

/** A range ends at its first violation; the batch at its so many-th, to gather them over a night. */
const violationsMax = Number(values.until);

const STEP = 200;
const modes = modesOf(values.census ? 'census' : values.repair, values.profile);

const SAY_MS = 30_000;

interface Total {
  runs: number;
  events: number;
  hours: number;
  readonly counts: Map<string, number>;
  readonly violations: { mode: string; seed: number; promise: string; message: string }[];
}

async function simulate(): Promise<void> {
  const each = Math.ceil(Number(values.runs) / modes.length);
  const first = Number(values.seed);
  const orders = modes.flatMap((mode) => ordersOf(mode, first, each, STEP));
  orders.sort((a, b) => a.from - b.from);
  const began = Date.now();
  const total: Total = { runs: 0, events: 0, hours: 0, counts: new Map(), violations: [] };
  let interrupted = false;
  process.once('SIGINT', () => {
    interrupted = true;
  });
  const left = new Set<Order>(orders);
  const say = setInterval(() => progress(total, began, left), SAY_MS);
  await playOrders(orders, Number(values.jobs), (result, order) => {
    add(total, result);
    if (result.violations.length === 0) left.delete(order);
    return interrupted || total.violations.length >= violationsMax ? 'stop' : 'go on';
  });
  clearInterval(say);
  progress(total, began, left);
  await conclude(total, (Date.now() - began) / 1000);
}

function add(total: Total, result: RangeResult): void {
  total.runs += result.runs;
  total.events += result.events;
  total.hours += result.time / 3_600_000;
  for (const [name, count] of result.counts)
    total.counts.set(name, (total.counts.get(name) ?? 0) + count);
  total.violations.push(...result.violations);
}

/** What was played so far, and from which seed on to go on if this is stopped: all before it are done. */
function progress(total: Total, began: number, left: ReadonlySet<Order>): void {
  const seconds = (Date.now() - began) / 1000;
  const [next] = left;
  const words = [
    `${Math.round(seconds)} s`,
    `${total.runs} runs`,
    `${total.events} events`,
    `${total.violations.length} violations`,
    `${Math.round(total.runs / seconds)} runs/s`,
    next ? `go on with --seed ${next.from}` : 'all seeds done',
  ];
  process.stderr.write(`${words.join(', ')}\n`);
}

async function conclude(total: Total, seconds: number): Promise<void> {
  console.log('\nfaults and what they led to:');
  const census = censusOf(total.counts);
  for (const [name, count] of [...total.counts].sort())
    if (!/^(call|crash-\w+) at /.test(name))
      console.log(`  ${String(count).padStart(10)}  ${name}`);
  if (census.length > 0) {
    console.log(`\n${censusTable(census)}\n\nnot called by any process here:`);
    for (const { file, call, why } of outOfReach) console.log(`  ${file} ${call}: ${why}`);
  }
  const never =
    census.length > 0
      ? [...untried(census).map(({ place }) => place), ...unreached(census)]
      : sometimes.filter((name) => !total.counts.get(name));
  const figures = {
    runs: total.runs,
    events: total.events,
    virtualHours: Math.round(total.hours),
    seconds: Math.round(seconds * 10) / 10,
    runsPerSecond: Math.round(total.runs / seconds),
    violations: total.violations.length,
    never,
  };
  console.log('');
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(14)} ${value}`);
  if (values.json)
    writeFileSync(
      values.json,
      JSON.stringify(
        { ...figures, counts: Object.fromEntries(total.counts), found: total.violations },
        null,
        2,
      ),
    );
  for (const { mode, seed, promise, message } of total.violations)
    console.log(`${promise} (${mode}, seed ${seed}): ${message}`);
  const [one] = total.violations;
  if (one) await tell(one);
  // Only a large batch of all modes is bound to meet everything.
  const whole = values.census || modes.length === allModes.length;
  if (one || (whole && total.runs >= 2_000 && never.length > 0)) {
    if (never.length > 0) console.log('a planned fault never happened, or what it leads to');
    process.exitCode = 1;
  }
}

async function tell(one: Total['violations'][number]): Promise<void> {
  console.log(`\n${one.promise} is broken (${one.mode}, seed ${one.seed}): ${one.message}\n`);
  const scenario = scenarioOf(one.mode);
  console.log(story(await shrink(scenario, await scenario.play(one.seed, {}))));
  const [profile, repair] = one.mode.split(' ');
  console.log(
    `\nreplay: npm run simulate -- --runs 1 --seed ${one.seed} --profile ${profile} --repair ${repair}`,
  );
}

if (values.part === 'worker') serveOrders();
else if (values.stories) process.exitCode = await playStories();
else if (values.mutants) {
  const only = values.only === undefined ? undefined : new Set(values.only.split(','));
  process.exitCode = await playMutants(Number(values.jobs), only, values.json);
} else await simulate();
