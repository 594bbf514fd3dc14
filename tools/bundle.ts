/** How programs that run elsewhere become one file each. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { harnessFiles } from './build.mjs';

const root = join(import.meta.dirname, '..');

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

/** Makes one file of a program: `<folder>/<name>.mjs`. */
export async function bundle(from: string, name: string, folder: string): Promise<void> {
  await build({ ...shared, entryPoints: [{ in: from, out: name }], outdir: folder });
}

/** What a runner has beside its own code: the files that its child processes run. */
export async function addHarness(folder: string): Promise<void> {
  await bundle('src/runner/launcher.mjs', 'launcher', join(folder, 'harness'));
  for (const file of harnessFiles())
    cpSync(join(root, 'runtime-images', file), join(folder, 'harness', file));
}
