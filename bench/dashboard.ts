/**
 * What the dashboard costs: how soon it shows, and how much longer a run takes while somebody watches it. The browser is
 * on the same machine, so its own work is in the second figure.
 *
 *   npm run bench -- dashboard [--repeats 5] [--tasks 10000]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { type Embedded, startEmbedded } from '../src/embedded/index.ts';
import { launch } from '../test/browser/browser.ts';
import { bundle } from '../tools/build.mjs';
import { describeMachine, machineText } from './machine.ts';
import { median } from './row.ts';

const shownMsMax = 1_000;
const watchedMax = 1.15;

const { values: options } = parseArgs({
  options: {
    repeats: { type: 'string', default: '5' },
    tasks: { type: 'string', default: '10000' },
  },
});

const run = { kind: 'snippet', language: 'node', code: 'return 1', concurrency: 16 } as const;
const tasks = Array.from({ length: Number(options.tasks) }, (_, n) => ({
  id: `t${String(n).padStart(7, '0')}`,
  run,
}));

/** From the submit to the end; `watch` opens the run's page meanwhile. */
async function timed(
  { engine }: Embedded,
  watch?: (id: string) => Promise<unknown>,
): Promise<{ id: string; ms: number }> {
  const from = performance.now();
  const { run } = await engine.submit({ workflow: { name: 'independent', tasks } });
  const watching = watch?.(run.id);
  while ((await engine.end(run.id, 60_000)).endedAt === undefined);
  const ms = performance.now() - from;
  await watching;
  return { id: run.id, ms };
}

/** From asking for the page to the frame after its content is there. */
async function shown(page: Page, url: string, sign: string): Promise<number> {
  await page.goto('about:blank');
  const from = performance.now();
  await page.goto(url);
  await page.locator(sign).first().waitFor();
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done)))');
  return performance.now() - from;
}

const folder = mkdtempSync(join(tmpdir(), 'fanfold-bench-'));
await bundle(join(folder, 'built'), []);
const server = await startEmbedded({
  dataFolder: join(folder, 'data'),
  port: 0,
  dashboard: join(folder, 'built', 'dashboard'),
});
const browser = await launch();
const page = await browser.newPage();
await page.goto(server.link() ?? '');
const alone: number[] = [];
const watched: number[] = [];
let last = (await timed(server)).id;
for (let n = 0; n < Number(options.repeats); n++) {
  await page.goto('about:blank');
  alone.push((await timed(server)).ms);
  // It is there already when the run begins, as it is for who watches.
  await page.goto(`${server.url}/#/runs`);
  const watch = (id: string) => page.goto(`${server.url}/#/runs/${id}`);
  const { id, ms } = await timed(server, watch);
  watched.push(ms);
  last = id;
}
const places = [
  ['overview', '#/', '.numbers'],
  ['graph', `#/runs/${last}`, 'canvas'],
  ['timeline', `#/runs/${last}/timeline`, 'canvas'],
  ['tasks', `#/runs/${last}/tasks`, '.list-row'],
] as const;
console.log(machineText(describeMachine()));
for (const [name, hash, sign] of places) {
  const times: number[] = [];
  for (let n = 0; n < Number(options.repeats); n++)
    times.push(await shown(page, `${server.url}/${hash}`, sign));
  const ms = median(times);
  console.log(`${name}: shown after ${Math.round(ms)} ms; aim ${shownMsMax}`);
  if (ms > shownMsMax) process.exitCode = 1;
}
const share = median(watched) / median(alone);
console.log(
  `${options.tasks} tasks: ${Math.round(median(alone))} ms alone, ${Math.round(median(watched))} ms watched: ${share.toFixed(2)} times; aim ${watchedMax}`,
);
if (share > watchedMax) process.exitCode = 1;
await browser.close();
await server.close();
rmSync(folder, { recursive: true, force: true });
