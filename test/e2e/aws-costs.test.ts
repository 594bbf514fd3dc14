import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Meter } from '../../bench/cost/meter.ts';
import { type Counted, priced, sumOf } from '../../bench/cost/prices.ts';
import { type AwsClients, awsClients } from '../../src/adapters/aws/clients.ts';
import { dynamoTable } from '../../src/adapters/aws/table.ts';
import { systemClock, systemRandom } from '../../src/adapters/system.ts';
import { isEnded, type RunState } from '../../src/contract/state.ts';
import type { Task, Workflow } from '../../src/contract/workflow.ts';
import { metaKey } from '../../src/engine/items.ts';
import { defaultSettings } from '../../src/engine/settings.ts';
import { type Emulator, startEmulator } from '../../tools/aws-local/emulator.ts';
import { whyNoEmulator } from '../../tools/aws-local/environment.ts';
import { until } from '../ports/until.ts';
import { openAwsEngine } from '../support/aws-engine.ts';
import { INSTALL_MS, openAwsHome } from '../support/aws-home.ts';
import { node, workflowOf } from './runs.ts';

const reason = whyNoEmulator();
const onEmulator = reason === undefined ? describe : describe.skip;

/** Seconds that a function works at a batch. */
const batchSeconds = 0.04;

const run = node('return 1;');
const many = (count: number, more: Partial<Task> = {}): Record<string, Omit<Task, 'id'>> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`m${n}`, { run, ...more }]));

interface Shape {
  readonly workflow: (delivery: Partial<Task>) => Workflow;
  readonly runs: number;
  /** Dollars a million tasks that it may cost: far more than it does, since a slow machine packs less well. */
  readonly most: Readonly<Record<'claimed' | 'at-least-once', number>>;
}

const shapes: Readonly<Record<string, Shape>> = {
  '100 independent tasks': {
    workflow: (delivery) => workflowOf(many(100, delivery)),
    runs: 1,
    most: { claimed: 1, 'at-least-once': 1 },
  },
  '1 to 100 to 1': {
    workflow: (delivery) =>
      workflowOf({
        first: { run, ...delivery },
        ...many(100, { needs: ['first'], ...delivery }),
        last: { run, needs: Object.keys(many(100)).sort(), ...delivery },
      }),
    runs: 1,
    most: { claimed: 1.5, 'at-least-once': 1.5 },
  },
  'a chain of 30': {
    workflow: (delivery) =>
      workflowOf(
        Object.fromEntries(
          Array.from({ length: 30 }, (_, n) => [
            `c${n}`,
            { run, ...(n > 0 && { needs: [`c${n - 1}`] }), ...delivery },
          ]),
        ),
      ),
    runs: 1,
    most: { claimed: 6, 'at-least-once': 9 },
  },
  '40 runs of one task': {
    workflow: (delivery) => workflowOf({ only: { run, ...delivery } }),
    runs: 40,
    most: { claimed: 9, 'at-least-once': 9 },
  },
};

interface Row {
  readonly name: string;
  readonly tasks: number;
  readonly counted: Counted;
}

/** Looks by clients of its own, which nobody counts. */
async function untilEnded(
  { dynamo: client }: AwsClients,
  tableName: string,
  ids: readonly string[],
): Promise<void> {
  const patience = { clock: systemClock, random: systemRandom };
  const table = dynamoTable({ client, tableName, patience, parallel: 8 });
  const isOver = async (id: string): Promise<boolean> => {
    const meta = await table.get(metaKey(defaultSettings.namespace, id));
    return isEnded(meta?.data.state as RunState);
  };
  for (const id of ids) await until(`run ${id} has ended`, () => isOver(id), undefined, 240_000);
}

const dollars = ({ counted, tasks }: Row): number => (sumOf(priced(counted)) * 1e6) / tasks;

function line(row: Row): string {
  const { name, tasks, counted } = row;
  const each = (count: number): string => (count / tasks).toFixed(3).padStart(8);
  const counts = [
    counted.tableWrites + counted.indexWrites,
    counted.reads,
    counted.sourceRequests,
    counted.deciderInvocations,
    counted.objectPuts + counted.objectGets,
  ];
  return `${name.padEnd(42)}${counts.map(each).join('')}${dollars(row).toFixed(3).padStart(10)}`;
}

onEmulator(reason ?? 'what runs cost on an AWS on this machine', () => {
  let emulator: Emulator;
  const rows: Row[] = [];
  beforeAll(async () => {
    emulator = await startEmulator();
  }, INSTALL_MS);
  afterAll(async () => {
    await emulator?.stop();
    const head = `${'a task'.padEnd(42)}  writes   reads  queues batches objects  $ a million`;
    process.stderr.write(`\n${[head, ...rows.map(line)].join('\n')}\n\n`);
  });

  const cases = Object.keys(shapes).flatMap((shape) =>
    (['claimed', 'at-least-once'] as const).map((delivery) => [shape, delivery] as const),
  );
  test.each(cases)('%s, %s', async (name, delivery) => {
    const { workflow, runs, most } = shapes[name] as Shape;
    const home = await openAwsHome(emulator.place);
    const troubles: unknown[] = [];
    const aws = openAwsEngine({ ports: home.ports(), troubles, slots: 32 });
    const given = workflow(delivery === 'claimed' ? {} : { delivery });
    const meter = new Meter();
    meter.watch(home.clients, 'source');
    const { ids } = await aws.engine.submitMany({
      workflow: given,
      runs: Array.from({ length: runs }, () => ({})),
    });
    const watcher = awsClients(emulator.place);
    await untilEnded(watcher, home.tableName, ids);
    watcher.close();
    await aws.close();
    const tasks = runs * given.tasks.length;
    for (let batches = aws.batches(); batches > 0; batches--) {
      meter.invoked('decider');
      meter.worked('decider', batchSeconds);
    }
    const row = { name: `${name}, ${delivery}`, tasks, counted: meter.counted };
    rows.push(row);
    expect(troubles).toEqual([]);
    expect(dollars(row)).toBeLessThan(most[delivery]);
    home.close();
  });
});
