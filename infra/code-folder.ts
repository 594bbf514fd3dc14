import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Beside this file in the package; in a clone, where `tools/build-functions.ts` and `tools/build-images.ts` put them. */
const [packed, built] = [import.meta.dirname, join(import.meta.dirname, '..', 'dist')];

/** Where the bundled functions are, a folder for each. */
export function bundledFunctions(): string {
  const found = [packed, built]
    .map((folder) => join(folder, 'functions'))
    .find((folder) => existsSync(join(folder, 'api', 'index.mjs')));
  if (found === undefined)
    throw new Error('the functions are not bundled: run `node tools/build-functions.ts` first');
  return found;
}

/** Where images of runners are built from, a folder for each language. Looked at only when one is built. */
export function bundledImages(): string {
  const folder = join(packed, 'images');
  return existsSync(folder) ? folder : join(built, 'images');
}
