import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of our own package, from its sources as from a bundle. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
