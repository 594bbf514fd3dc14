import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store, type StoreOptions } from '../../../src/adapters/embedded/store.ts';
import { systemClock } from '../../../src/adapters/system.ts';
import { Problem } from '../../../src/contract/problem.ts';
import { feedPrefixes } from '../../ports/feed.suite.ts';

/** A folder of the test's own. */
export function freshFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'fanfold-embedded-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export const open = (folder: string, options: Partial<StoreOptions> = {}): Store =>
  openStore(folder, { clock: systemClock, feedPrefixes, ...options });

/** The problem that the work meets; fails when it meets none. */
export async function problemOf(work: () => unknown): Promise<Problem> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw new Error(`no problem, but ${String(error)}`, { cause: error });
  }
  throw new Error('no problem was met');
}
