import { readdirSync, statfsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import process from 'node:process';
import type { Capacity } from '../contract/resources.ts';

const MB = 1024 * 1024;

/** What this machine, or the container that we are in, has; disk as far as it is free where `folder` is. */
export function machineCapacity(folder: string): Capacity {
  // Without a bound it is 0, or more than there is.
  const bound = process.constrainedMemory();
  const memory = bound > 0 ? Math.min(bound, totalmem()) : totalmem();
  const { bavail, bsize } = statfsSync(folder);
  return {
    cpu: availableParallelism(),
    memoryMb: Math.floor(memory / MB),
    diskMb: Math.floor((bavail * bsize) / MB),
    gpu: gpusHere(),
  };
}

/** NVIDIA's devices, by the names that its driver gives them. */
function gpusHere(): number {
  try {
    return readdirSync('/dev').filter((name) => /^nvidia\d+$/.test(name)).length;
  } catch {
    return 0;
  }
}
