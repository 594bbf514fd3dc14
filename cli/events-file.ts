/** `--events FILE`: a JSON line `{task, event, ts, attempt}` for each start, success and failure of an attempt. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { RunEvent } from '../src/contract/api.ts';
import { Problem } from '../src/contract/problem.ts';

export interface EventsFile {
  write(events: readonly RunEvent[]): void;
  close(): void;
}

/** An attempt that is followed by another, or whose runner was lost, has failed all the same. */
const words: Readonly<Partial<Record<RunEvent['event'], 'start' | 'success' | 'failure'>>> = {
  start: 'start',
  success: 'success',
  failure: 'failure',
  retry: 'failure',
  lost: 'failure',
};

/**
 * Opens the file at once, so that a bad path is seen before the run starts. Writes as soon as told: what was told
 * survives whatever ends this process. The same thing told twice is written once.
 */
export function openEventsFile(path: string): EventsFile {
  const file = open(path);
  const written = new Set<string>();
  const lineOf = ({ event: told, task, attempt, at }: RunEvent): string => {
    const event = words[told];
    if (event === undefined || task === undefined) return '';
    const key = `${event} ${attempt} ${task}`;
    if (written.has(key)) return '';
    written.add(key);
    return `${JSON.stringify({ task, event, ts: at / 1000, attempt })}\n`;
  };
  return {
    write(events) {
      const text = events.map(lineOf).join('');
      if (text !== '') writeAll(file, Buffer.from(text));
    },
    close: () => closeSync(file),
  };
}

function open(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw new Problem('file-unreadable', `cannot write events: ${(error as Error).message}`);
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
