/** What starting programs costs at all: a small process that only spawns `/bin/true`, some at a time. */
import { execFileSync } from 'node:child_process';
import { median } from '../row.ts';

const loop = (total: number, atOnce: number): string => `
  const { spawn } = require('node:child_process');
  let begun = 0;
  let ended = 0;
  const begin = performance.now();
  const next = () => {
    if (begun++ >= ${total}) return;
    spawn('/bin/true', [], { stdio: 'ignore' }).on('exit', () => {
      ended += 1;
      if (ended === ${total}) console.log(${total} / (performance.now() - begin) * 1000);
      else next();
    });
  };
  for (let i = 0; i < ${atOnce}; i++) next();`;

/** Programs a second, the median of some loops. */
export function bareSpawnRate(repeats: number, total = 500, atOnce = 4): number {
  const once = () =>
    Number(execFileSync(process.execPath, ['-e', loop(total, atOnce)], { encoding: 'utf8' }));
  return median(Array.from({ length: repeats }, once));
}
