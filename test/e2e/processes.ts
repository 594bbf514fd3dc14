import { readdirSync, readFileSync } from 'node:fs';

export interface Found {
  readonly pid: number;
  readonly command: string;
}

const readOr = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
};

/** Living processes in whose environment or command line the text occurs; zombies are none. */
export function markedProcesses(text: string): Found[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => readOr(`/proc/${name}/environ`).includes(text))
    .map((name) => ({
      pid: Number(name),
      command: readOr(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim(),
    }))
    .filter(({ command }) => command !== '');
}

/** What is left of them after a while for those that are about to end. */
export async function markedProcessesAfter(text: string, ms: number): Promise<Found[]> {
  const until = Date.now() + ms;
  for (;;) {
    const found = markedProcesses(text);
    if (found.length === 0 || Date.now() > until) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
