import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const LOOK_MS = 500;
/** Of CPU between two looks: with more there is work, with less there is none. */
const WORK_MS = 25;
/** A small heap is looked through in some 30 ms; with a larger one, who calls just then would wait for longer. */
const HEAP_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Gives back, once after each time of work, memory that is needed no more: Node does so late, or never, in a process
 * that has gone idle. Returns how to stop.
 */
export function giveBackWhenIdle(): () => void {
  let before = process.cpuUsage();
  let worked = true;
  const looking = setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    if (user + system > WORK_MS * 1000) worked = true;
    else if (worked) {
      worked = false;
      if (process.memoryUsage().heapUsed <= HEAP_BYTES_MAX) collect();
      before = process.cpuUsage();
    }
  }, LOOK_MS).unref();
  return () => clearInterval(looking);
}

type Collect = (options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void;
let gc: Collect | undefined;

function collect(): void {
  setFlagsFromString('--expose-gc'); // holds for contexts that are made from now on
  gc ??= runInNewContext('gc') as Collect;
  gc({ type: 'major', flavor: 'last-resort' });
}
