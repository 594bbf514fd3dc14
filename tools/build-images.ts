/**
 * Makes the folders that images of runners are built in, `dist/images/<language>`, and prints them.
 * `node tools/build-images.ts`, then `docker build dist/images/node`.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { addHarness, bundle } from './bundle.ts';

const root = join(import.meta.dirname, '..');

/** Those of which an image can be made. */
export const imageLanguages: readonly string[] = readdirSync(join(root, 'runtime-images')).filter(
  (folder) => existsSync(join(root, 'runtime-images', folder, 'Dockerfile')),
);

/** Makes them all; returns the folder that holds one folder for each language. */
export async function buildImages(
  log: (line: string) => void,
  out = join(root, 'dist', 'images'),
): Promise<string> {
  rmSync(out, { recursive: true, force: true });
  for (const language of imageLanguages) {
    const folder = join(out, language);
    mkdirSync(folder, { recursive: true });
    await bundle('runtime-images/runner.ts', 'index', join(folder, 'runner'));
    await addHarness(join(folder, 'runner'));
    copyFileSync(join(root, 'runtime-images', language, 'Dockerfile'), join(folder, 'Dockerfile'));
    log(folder);
  }
  return out;
}

if (import.meta.main) await buildImages(console.log);
