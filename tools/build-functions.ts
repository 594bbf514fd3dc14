/**
 * Bundles each function into a folder of its own, `dist/functions/<name>/index.mjs`, and prints their sizes: what a cold
 * start has to read. `node tools/build-functions.ts`.
 */
import { cpSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const out = join(root, 'dist', 'functions');

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minify: true,
  keepNames: true,
  logLevel: 'warning',
  outExtension: { '.js': '.mjs' },
  // Packages in CommonJS ask for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
};

/** What a runner's function has beside its own code: the files that its child processes run. */
async function addHarness(folder: string): Promise<void> {
  await build({
    ...shared,
    entryPoints: [{ in: 'src/runner/launcher.mjs', out: 'launcher' }],
    outdir: join(folder, 'harness'),
  });
  for (const language of ['node', 'python']) {
    const from = join(root, 'runtime-images', language);
    const to = join(folder, 'harness', language);
    mkdirSync(to, { recursive: true });
    for (const file of readdirSync(from).filter((name) => /\.(mjs|py)$/.test(name)))
      cpSync(join(from, file), join(to, file));
  }
}

/** Builds them all; returns the folder that holds one folder each. */
export async function buildFunctions(log: (line: string) => void): Promise<string> {
  rmSync(out, { recursive: true, force: true });
  const files = readdirSync(join(root, 'functions')).filter((file) => file.endsWith('.ts'));
  for (const file of files) {
    const name = file.slice(0, -'.ts'.length);
    const folder = join(out, name);
    await build({
      ...shared,
      entryPoints: [{ in: join('functions', file), out: 'index' }],
      outdir: folder,
    });
    if (name === 'run') await addHarness(folder);
    log(`${name}: ${Math.round(statSync(join(folder, 'index.mjs')).size / 1024)} KB`);
  }
  return out;
}

if (import.meta.main) await buildFunctions(console.log);
