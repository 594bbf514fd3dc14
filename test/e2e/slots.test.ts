import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { fanfold } from '../examples/cli.ts';
import { openPlace, type Place } from './server.ts';

let place: Place | undefined;
afterEach(() => place?.remove());

/** The most attempts at a time, from an events file. */
function peakOf(path: string): number {
  const steps = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; ts: number })
    .map(({ event, ts }) => [ts, event === 'start' ? 1 : -1] as const)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let [now, peak] = [0, 0];
  for (const [, step] of steps) {
    now += step;
    peak = Math.max(peak, now);
  }
  return peak;
}

const wait = 'await new Promise((done) => setTimeout(done, 300));';
const tasks = (make: (i: number) => object) =>
  Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`t${i}`, make(i)]));

/**
 * Goal: as many attempts at a time as there are slots, and never more, whatever they are.
 * Method: tasks of one kind and of as many kinds as there are tasks, programs and calls.
 */
test.each([
  ['the same program', tasks(() => ({ run: 'sleep 0.3' }))],
  ['different programs', tasks((i) => ({ run: `sleep 0.3; echo ${i}` }))],
  ['calls side by side', tasks(() => ({ node: wait, concurrency: 1000 }))],
  ['calls that take a process each', tasks(() => ({ node: wait }))],
  ['different calls', tasks((i) => ({ node: `${wait} return ${i};`, concurrency: 50 }))],
  [
    'chains of programs',
    tasks((i) => ({ run: `sleep 0.2; echo ${i}`, ...(i >= 12 && { needs: `t${i - 12}` }) })),
  ],
])('%s fill the slots and no more', async (_, given) => {
  place = openPlace();
  writeFileSync(join(place.folder, 'w.json'), JSON.stringify({ name: 'w', tasks: given }));
  const options = { cwd: place.folder, env: place.env };
  const args = ['run', 'w.json', '--slots', '6', '--events', 'events', '--quiet'];
  const { code, stdout } = await fanfold(args, options);
  expect({ code, stdout }).toMatchObject({ code: 0 });
  expect(peakOf(join(place.folder, 'events'))).toBe(6);
});
