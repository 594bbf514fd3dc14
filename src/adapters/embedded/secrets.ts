import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { Problem } from '../../contract/problem.ts';
import type { SecretStore } from '../../ports/secrets.ts';

interface Kept {
  readonly value: string;
  readonly updatedAt: number;
}

/**
 * Secrets in one file that nobody but its owner can read, as JSON. Read anew each time: other processes may change it, and
 * it is small. Of two that change it at the same moment, the later one wins.
 */
export function openSecrets(file: string, now: () => number): SecretStore {
  const read = (): Map<string, Kept> => {
    const text = textOf(file);
    return text === undefined ? new Map() : parse(file, text);
  };
  const write = (all: ReadonlyMap<string, Kept>): void => {
    const text = `${JSON.stringify(Object.fromEntries([...all].sort()), null, 1)}\n`;
    const fd = openSync(`${file}.new`, 'w', 0o600);
    try {
      writeSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(`${file}.new`, file);
  };
  return {
    read: async (name) => read().get(name)?.value,
    list: async () => [...read()].sort().map(([name, { updatedAt }]) => ({ name, updatedAt })),
    async set(name, value) {
      const updatedAt = now();
      write(read().set(name, { value, updatedAt }));
      return { name, updatedAt };
    },
    async remove(name) {
      const all = read();
      if (!all.delete(name)) return false;
      write(all);
      return true;
    },
  };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What the parser says would quote the file. */
function parse(file: string, text: string): Map<string, Kept> {
  try {
    return new Map(Object.entries(JSON.parse(text) as Record<string, Kept>));
  } catch {
    throw new Problem(
      'data-damaged',
      `${file} is not as it was written: put its backup back, or remove it and set all secrets anew`,
    );
  }
}
