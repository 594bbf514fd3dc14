/* biome-ignore-all lint/suspicious/noConsole: a command that prints its findings */
import { readFileSync } from 'node:fs';
import { mutants } from '../mutants.ts';
import { firstKill, inMutant } from './mutate.ts';

/** A seed that once broke a promise. */
export interface Story {
  readonly mode: string;
  readonly seed: number;
  /** What went wrong when it was found. */
  readonly story: string;
  /** The mutant that brings the bug back: with it, the seed breaks a promise again. */
  readonly bug?: string;
  /** The file with the test that shows the same without a simulation. */
  readonly test?: string;
}

export const stories = JSON.parse(
  readFileSync(new URL('../seeds.json', import.meta.url), 'utf8'),
) as readonly Story[];

/** So many seeds are tried for one that shows a story anew. */
const SEEDS = 400;

/**
 * Plays each story with its bug brought back, and tells those that show nothing any more since worlds are drawn
 * otherwise now, with a seed that does. 1 when there are any.
 */
export async function playStories(): Promise<number> {
  let stale = 0;
  for (const { mode, seed, bug } of stories) {
    const mutant = mutants.find(({ name }) => name === bug);
    if (mutant === undefined) continue;
    const words = await inMutant(mutant, async (folder) => {
      if (await firstKill(folder, mode, 1, seed)) return 'shows it';
      stale++;
      const kill = await firstKill(folder, mode, SEEDS);
      return kill ? `shows nothing; seed ${kill.seed} does` : 'shows nothing';
    });
    console.log(`${mode} ${seed} (${bug}): ${words}`);
  }
  return stale > 0 ? 1 : 0;
}
