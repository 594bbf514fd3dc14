/**
 * Measures, and says where an aim is missed and by how much. Never part of a test: figures are this machine's.
 *
 *   npm run bench -- speed [--only TEXT] [--repeats 3] [--no-kills] [--peers DIR] [--live-peers bullmq,graphile]
 *   npm run bench -- growth [--sizes 10,1000,100000,1000000]
 *   npm run bench -- cost [--memory] [--only TEXT] [--delivery claimed] [--scale 0.1] [--requests]
 *   npm run bench -- scale [--cost FILE]
 *   npm run bench -- store | executor | capacity
 *   npm run bench -- runners [--only go,rust]
 *   npm run bench -- dashboard [--repeats 5] [--tasks 10000]
 *   npm run bench -- idle [--settings '{...}']
 *
 * `--json FILE` writes the rows too. `--node-options` are handed to the processes that are measured.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine, machineText } from './machine.ts';
import { bestPeers, measurePeers } from './peers.ts';
import { speed } from './speed/main.ts';
import { durable } from './speed/measure.ts';
import { speedTable } from './table.ts';

const here = import.meta.dirname;
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    json: { type: 'string' },
    only: { type: 'string', default: '' },
    repeats: { type: 'string', default: '3' },
    sizes: { type: 'string', default: '10,1000,100000,1000000' },
    'no-kills': { type: 'boolean', default: false },
    peers: { type: 'string', default: join(here, '..', '..', 'shared', 'peers') },
    'live-peers': { type: 'string', default: '' },
    'node-options': { type: 'string', default: '' },
  },
});
const text = (name: keyof typeof options): string => String(options[name] ?? '');
const words = (name: keyof typeof options): string[] =>
  text(name)
    .split(/[ ,]/)
    .filter((word) => word !== '');

function report(name: string, rows: readonly object[], tables: string, about: string): void {
  const machine = describeMachine();
  console.log(`\n${machineText(machine)}\n${about}\n\n${tables}\n`);
  if (options.json !== undefined)
    writeFileSync(
      resolve(text('json')),
      `${JSON.stringify({ bench: name, machine, rows }, null, 2)}\n`,
    );
}

async function speedBench(): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(here, '..', 'package.json'), 'utf8'));
  const rows = await speed(
    {
      repeats: Number(options.repeats),
      version,
      nodeOptions: words('node-options'),
      kills: options['no-kills'] !== true,
    },
    text('only'),
  );
  const peers = resolve(text('peers'));
  measurePeers(peers, words('live-peers'));
  report('speed', rows, speedTable(rows, bestPeers(peers)), aboutSpeed);
}

const aboutSpeed = `Durable: ${durable}. Medians of separate processes, each over a fresh folder; submitting is in the
time; no-op functions in warm processes outside the measured one; claimed delivery. Peers: their best figure among
those that lose nothing they have answered for.`;

/** Benches that are programs of their own. */
function program(name: string): void {
  const file = join(here, `${name}.ts`);
  if (!existsSync(file)) throw new Error(`there is no bench ${name}`);
  const args = process.argv.slice(process.argv.indexOf(name) + 1);
  const { status } = spawnSync(process.execPath, [file, ...args], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

const [bench = 'speed'] = positionals;
if (bench === 'speed') await speedBench();
else program(bench);
