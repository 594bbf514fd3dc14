/** What starting programs costs at all: a small process that only spawns them, some at a time. */
import { execFileSync } from 'node:child_process';
import { median } from '../row.ts';

const loop = (total: number, atOnce: number, [file, ...args]: readonly string[]): string => `
  const { spawn } = require('node:child_process');
  let begun = 0;
  let ended = 0;
  const begin = performance.now();
  const next = () => {
    if (begun++ >= ${total}) return;
    spawn(${JSON.stringify(file)}, ${JSON.stringify(args)}, { stdio: 'ignore' }).on('exit', () => {
      ended += 1;
      if (ended === ${total}) console.log(${total} / (performance.now() - begin) * 1000);
      else next();
    });
  };
  for (let i = 0; i < ${atOnce}; i++) next();`;

/** Programs a second, the median of some loops. */
export function bareSpawnRate(
  repeats: number,
  total = 500,
  atOnce = 4,
  argv: readonly string[] = ['/bin/true'],
  cwd = '/',
): number {
  const text = loop(total, atOnce, argv);
  const once = () =>
    Number(execFileSync(process.execPath, ['-e', text], { encoding: 'utf8', cwd }));
  return median(Array.from({ length: repeats }, once));
}
