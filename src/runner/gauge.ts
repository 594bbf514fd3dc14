import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attempt, StopReason } from './attempt.ts';
import { treeUsage, variableOf } from './launcher-proc.mjs';

const MB = 1024 * 1024;
/** How often the memory of an attempt is looked at, and its folder. */
const MEMORY_MS = 250;
const FOLDER_MS = 1000;

/** What is known of one attempt, or of one step of it. */
interface Reading {
  memoryAt: number;
  folderAt: number;
}

/** Measures what attempts take that have a limit of it. Where there is no /proc, nothing is known. */
export class Gauge {
  readonly #readings = new Map<Attempt, Reading>();

  add(attempt: Attempt): void {
    const { memoryMb, diskMb } = attempt.spec.resources ?? {};
    if (memoryMb !== undefined || diskMb !== undefined)
      this.#readings.set(attempt, { memoryAt: 0, folderAt: 0 });
  }

  delete(attempt: Attempt): void {
    if (this.#readings.delete(attempt)) attempt.takesMemory(0);
  }

  tick(now: number): void {
    for (const [attempt, reading] of this.#readings) {
      const pid = attempt.host?.pid ?? attempt.host?.pidOf?.(attempt);
      if (attempt.startedAt === 0 || pid === undefined) continue;
      const { memoryMb, diskMb } = attempt.spec.resources ?? {};
      if (memoryMb !== undefined && now >= reading.memoryAt) {
        reading.memoryAt = now + MEMORY_MS;
        attempt.takesMemory(treeUsage(pid).residentMb);
      }
      if (diskMb === undefined || now < reading.folderAt) continue;
      reading.folderAt = Number.POSITIVE_INFINITY;
      this.#lookAtFolder(attempt, pid, reading, now).catch(() => undefined);
    }
  }

  async #lookAtFolder(attempt: Attempt, pid: number, reading: Reading, now: number): Promise<void> {
    const folder = variableOf(pid, 'TASK_DIR') ?? variableOf(pid, 'HOME');
    if (folder !== undefined) attempt.root.diskMb = await folderMb(folder);
    reading.folderAt = now + FOLDER_MS;
  }
}

/** What a folder takes of the disk; links are not followed. */
async function folderMb(folder: string): Promise<number> {
  let bytes = 0;
  const todo = [folder];
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const inner = join(path, entry.name);
      if (entry.isDirectory()) todo.push(inner);
      else bytes += (await lstat(inner).catch(() => ({ blocks: 0 }))).blocks * 512;
    }
  }
  return bytes / MB;
}

/** The limit that an attempt has overstepped, if any. */
export function oversteppedBy(attempt: Attempt, now: number): StopReason | undefined {
  const { limits, resources } = attempt.spec;
  const sign = attempt.pulse?.at ?? attempt.startedAt;
  if (now - attempt.startedAt >= (limits?.runMs ?? Number.POSITIVE_INFINITY)) return 'time-limit';
  if (now - sign >= (limits?.heartbeatMs ?? Number.POSITIVE_INFINITY)) return 'heartbeat';
  if (attempt.memoryMb > (resources?.memoryMb ?? Number.POSITIVE_INFINITY)) return 'memory';
  return attempt.diskMb > (resources?.diskMb ?? Number.POSITIVE_INFINITY) ? 'disk' : undefined;
}
