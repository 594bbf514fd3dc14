import { setFlagsFromString } from 'node:v8';

/**
 * Runs all microtasks now. Undefined where the engine does not let us: then a macrotask must pass between events.
 * Must be called from a macrotask: within a microtask it does nothing.
 */
let drain: (() => void) | undefined;
let tried = false;

/** Calls `work` in a macrotask, with the way to drain microtasks if there is one. */
export function inMacrotask<T>(work: (drain: (() => void) | undefined) => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        if (!tried) probe();
        resolve(work(drain));
      } catch (error) {
        reject(error);
      }
    });
  });
}

function probe(): void {
  tried = true;
  try {
    setFlagsFromString('--allow-natives-syntax');
    const candidate = new Function('%PerformMicrotaskCheckpoint()') as () => void;
    let ran = false;
    Promise.resolve().then(() => {
      ran = true;
    });
    candidate();
    if (ran) drain = candidate;
  } catch {
    drain = undefined;
  } finally {
    setFlagsFromString('--no-allow-natives-syntax');
  }
}
