/**
 * Counts what a million tasks would cost on AWS: the functions' code and the adapters run over an emulated AWS, with
 * deciders and runners in parallel, and a meter on every client counts by the documents' rules.
 *
 *   npm run bench -- cost [--memory] [--only TEXT] [--delivery claimed] [--scale 0.1] [--recorded FILE]
 *
 * `--memory`: over the ports in memory, each call billed as the adapters would make it: soon done, and on a busy machine
 * nearer to AWS's times than an emulator is. `--requests` prints all that was counted; `--json FILE` writes the rows.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Delivery } from '../src/contract/workflow.ts';
import { startEmulator } from '../tools/aws-local/emulator.ts';
import { whyNoEmulator } from '../tools/aws-local/environment.ts';
import { awsSubstrate } from './cost/aws-substrate.ts';
import { measure } from './cost/measure.ts';
import { memorySubstrate } from './cost/memory-substrate.ts';
import { about, costTable, peerTable, requestsText } from './cost/report.ts';
import { workloads } from './cost/workloads.ts';
import { describeMachine, machineText } from './machine.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string', default: '' },
    delivery: { type: 'string', default: '' },
    scale: { type: 'string', default: '1' },
    memory: { type: 'boolean', default: false },
    requests: { type: 'boolean', default: false },
    recorded: {
      type: 'string',
      default: join(
        import.meta.dirname,
        '../../shared/data/workflows/instances/rnaseq-dirt02-001.json.gz',
      ),
    },
  },
});

const reason = options.memory ? undefined : whyNoEmulator();
if (reason !== undefined) throw new Error(reason);
const recorded = existsSync(options.recorded) ? options.recorded : undefined;
if (recorded === undefined) console.log(`no recorded workflow at ${options.recorded}`);

const machine = describeMachine();
const emulator = options.memory ? undefined : await startEmulator();
const open = async (onTrouble: (error: unknown) => void) =>
  emulator === undefined ? memorySubstrate(onTrouble) : awsSubstrate(emulator.place, onTrouble);
const on = options.memory ? 'the ports in memory' : 'an emulated AWS';
const rows = [];
try {
  for (const workload of workloads(recorded, Number(options.scale))) {
    if (!workload.name.includes(options.only)) continue;
    for (const delivery of ['claimed', 'at-least-once'] as const satisfies readonly Delivery[]) {
      if (!delivery.includes(options.delivery)) continue;
      const row = await measure(open, workload, delivery);
      rows.push(row);
      console.log(`${row.workload}, ${row.delivery}: $${row.usdPerMillion.toFixed(3)}`);
      if (options.requests) console.log(requestsText(row));
    }
  }
} finally {
  await emulator?.stop();
}
console.log(
  `\n${machineText(machine)}\nOver ${on}. ${about}\n\n${costTable(rows)}\n\n${peerTable(rows)}\n`,
);
if (options.json !== undefined)
  writeFileSync(
    resolve(options.json),
    `${JSON.stringify({ bench: 'cost', machine, on, about, rows }, null, 2)}\n`,
  );
