import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import type { Recipe } from './recipe.ts';
import { recipes, refusedLocks, refusedManifests } from './recipes.ts';

export interface Manifest {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What of some code is to be installed by one tool. */
export interface Plan {
  readonly recipe: Recipe;
  /** The manifest and its locks. */
  readonly manifests: readonly Manifest[];
  /** It depends on the whole code: it is built of it, or a manifest names other files of it. */
  readonly ofAll: boolean;
}

/** The plans for a task in `language`; undefined: in any. Looked for beside each other, at the top of the code. */
export async function plansFor(
  folder: string,
  language: string | undefined,
): Promise<readonly Plan[]> {
  const names = new Set(await readdir(folder));
  for (const [name, why] of Object.entries(refusedManifests))
    if (names.has(name) && language === undefined)
      throw new Problem('code-invalid', `${name} cannot be installed by a runner: ${why}`);
  const plans = new Map<string, Plan>();
  for (const recipe of recipes) {
    if (!names.has(recipe.manifest) || plans.has(recipe.language)) continue;
    if (language !== undefined && recipe.language !== language) continue;
    plans.set(recipe.language, await planOf(recipe, folder, names));
  }
  return [...plans.values()];
}

async function planOf(recipe: Recipe, folder: string, there: ReadonlySet<string>): Promise<Plan> {
  const wanted = [recipe.manifest, ...recipe.locks].filter((name) => there.has(name));
  if (recipe.tool === 'npm' && wanted.length === 1)
    for (const [name, why] of Object.entries(refusedLocks))
      if (there.has(name)) throw new Problem('code-invalid', `${name} is not heeded: ${why}`);
  const manifests: Manifest[] = [];
  for (const name of wanted) manifests.push({ name, bytes: await readFile(join(folder, name)) });
  const { builds = false, namesFiles } = recipe;
  const decoder = new TextDecoder();
  const names = ({ bytes }: Manifest) => namesFiles?.test(decoder.decode(bytes)) === true;
  return { recipe, manifests, ofAll: builds || manifests.some(names) };
}
