import type { JsonObject } from '../../src/contract/json.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { Taken } from '../../src/ports/queue.ts';
import { type Item, Unavailable } from '../../src/ports/table.ts';
import { Actor } from './kernel/actor.ts';
import { Kernel } from './kernel/kernel.ts';
import { persistently } from './kernel/persist.ts';
import type { Scenario } from './kernel/scenario.ts';
import { portsOf, reportOf, simulatedSystem } from './kernel/system.ts';

/**
 * The smallest thing that can go wrong in the ways that matter: a client saves orders, a feeder sends a message for
 * each insert, workers claim orders, work, and save a verdict. Each field is a bug to be found. It is also the pattern
 * for real worlds.
 */
export interface Bugs {
  /** The verdict is saved without a condition. */
  readonly blindVerdict?: boolean;
  /** The message is removed before the work is done. */
  readonly earlyRemove?: boolean;
  /** A feed batch counts as handled though its messages could not be sent. */
  readonly swallowedError?: boolean;
  readonly ownClock?: boolean;
}

const orderNames = ['a', 'b', 'c', 'd', 'e', 'f'];
const workerNames = ['worker-1', 'worker-2', 'worker-3'];
const FAULTS_MS = 60_000;
const TIME_MAX = 30 * 60_000;
const LEASE_MS = 20_000;

export const toyScenario = (bugs: Bugs): Scenario => ({
  name: 'toy',
  async play(seed, { dropped = new Set<string>(), trace = false, ...rest }) {
    const timing = { faultsUntil: FAULTS_MS, timeMax: TIME_MAX };
    const kernel = new Kernel({ seed, ...timing, dropped, traceLines: trace, ...rest });
    const system = simulatedSystem(kernel);
    const orders = orderNames.filter((name) => !dropped.has(`order ${name}`));
    const workers = workerNames.filter((name) => !dropped.has(`actor ${name}`));

    const verdicts = new Set<string>();
    system.table.onChange((after, before) => {
      if (after?.sort.startsWith('VERDICT') !== true) return;
      if (before)
        kernel.violate(
          'one-verdict',
          `${after.sort} by ${before.data.by}, then by ${after.data.by}`,
        );
      verdicts.add(after.sort);
      if (verdicts.size === orders.length) kernel.after(TIME_MAX / 10, () => kernel.stop());
    });
    system.feed.group('feeders', ['ORDER']);
    new Actor(kernel, 'client', (life) => submit(portsOf(system, life), orders));
    new Actor(kernel, 'feeder', (life) => feed(portsOf(system, life, 'feeders'), bugs));
    for (const name of workers)
      new Actor(kernel, name, (life) => work(portsOf(system, life), life.name, bugs));
    if (orders.length === 0) kernel.stop();
    await kernel.run();
    const parts = [
      ...orders.map((name) => `order ${name}`),
      ...workers.map((name) => `actor ${name}`),
    ];
    return reportOf(kernel, parts);
  },
});

const itemOf = (kind: string, name: string, version: number, data: JsonObject): Item => ({
  partition: 'toy',
  sort: `${kind} ${name}`,
  version,
  data,
});

async function submit({ table, clock }: Ports, orders: readonly string[]): Promise<void> {
  for (const name of orders)
    await persistently(clock, () => table.put(itemOf('ORDER', name, 1, { name }), 'absent'));
}

async function feed({ feed: source, queue }: Ports, bugs: Bugs): Promise<void> {
  source.subscribe(['ORDER'], async (items) => {
    const sent = queue.send(items.map((item) => ({ queue: 'orders', body: item.data })));
    await (bugs.swallowedError ? sent.catch(() => undefined) : sent);
  });
  await new Promise(() => {});
}

async function work(ports: Ports, by: string, bugs: Bugs): Promise<void> {
  for (;;) {
    const taken = await persistently(ports.clock, () =>
      ports.queue.take({ queues: ['orders', 'dead'], max: 3, waitMs: 5_000, visibilityMs: 30_000 }),
    );
    for (const message of taken) await decide(ports, by, message, bugs).catch(ignoreUnavailable);
  }
}

/** The message comes again. */
function ignoreUnavailable(error: unknown): void {
  if (!(error instanceof Unavailable)) throw error;
}

async function decide(
  ports: Ports,
  by: string,
  { body, receipt }: Taken,
  bugs: Bugs,
): Promise<void> {
  const { table, queue, clock, random } = ports;
  const name = String(body.name ?? (body.body as JsonObject).name);
  if (bugs.earlyRemove) await queue.remove([receipt]);
  if (!(await claim(ports, by, name))) return;
  if (bugs.ownClock) Date.now();
  await clock.sleep(random.next() * LEASE_MS * 1.5);
  await table.put(itemOf('VERDICT', name, 1, { by }), bugs.blindVerdict ? 'any' : 'absent');
  await queue.remove([receipt]);
}

/** A lease: who finds one that ran out takes it over. */
async function claim({ table, clock }: Ports, by: string, name: string): Promise<boolean> {
  const data = { by, until: clock.now() + LEASE_MS };
  const first = await table.put(itemOf('CLAIM', name, 1, data), 'absent');
  if (first.done) return true;
  const { found } = first;
  if (found === undefined) return false;
  if (found.data.by === by) return true;
  if (Number(found.data.until) > clock.now()) return false;
  const next = itemOf('CLAIM', name, found.version + 1, data);
  return (await table.put(next, { version: found.version })).done;
}
