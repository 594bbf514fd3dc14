/**
 * Bundles each function into a folder of its own, `dist/functions/<name>/index.mjs`, and prints their sizes: what a cold
 * start has to read. `node tools/build-functions.ts`.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { addHarness, bundle } from './bundle.ts';

const root = join(import.meta.dirname, '..');
const ownFolder = join(root, 'dist', 'functions');

/** Builds them all; returns the folder that holds one folder each. */
export async function buildFunctions(
  log: (line: string) => void,
  out = ownFolder,
): Promise<string> {
  rmSync(out, { recursive: true, force: true });
  const files = readdirSync(join(root, 'functions')).filter((file) => file.endsWith('.ts'));
  for (const file of files) {
    const name = file.slice(0, -'.ts'.length);
    const folder = join(out, name);
    await bundle(join('functions', file), 'index', folder);
    if (name === 'run') await addHarness(folder);
    log(`${name}: ${Math.round(statSync(join(folder, 'index.mjs')).size / 1024)} KB`);
  }
  return out;
}

if (import.meta.main) await buildFunctions(console.log);
