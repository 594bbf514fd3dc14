/**
 * Bundles the command line, the server and the runner's processes into `dist/<build>/`, for a quick start and little
 * memory, and says in `dist/current.json` which build is the newest. Every start checks that it is fresh: a file of the
 * sources that changed means a new build, a tenth of a second. Builds never overwrite each other, so that a server goes
 * on with its own while the sources change.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const current = join(dist, 'current.json');
const KEPT_MS = 86_400_000;

/** Size and time of a file; undefined when it is gone. */
function stamp(file) {
  try {
    const { size, mtimeMs } = statSync(join(root, file));
    return `${size}@${mtimeMs}`;
  } catch {
    return undefined;
  }
}

/** The folder of the newest build, if none of its sources has changed since. */
export function freshBuild() {
  try {
    const { build, inputs } = JSON.parse(readFileSync(current, 'utf8'));
    const changed = Object.entries(inputs).some(([file, then]) => stamp(file) !== then);
    return changed || !existsSync(join(dist, build)) ? undefined : join(dist, build);
  } catch {
    return undefined;
  }
}

/** Builds, and returns the build's folder; undefined when there is no bundler, as in an installed package. */
export async function build() {
  const esbuild = await import('esbuild').catch(() => undefined);
  if (esbuild === undefined) return undefined;
  mkdirSync(dist, { recursive: true });
  const scratch = join(dist, `new-${randomUUID()}`);
  const shared = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    metafile: true,
    logLevel: 'warning',
    outExtension: { '.js': '.mjs' },
    // Packages in CommonJS ask for Node's own modules by `require`.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
  };
  const main = { in: 'cli/main.ts', out: 'main' };
  const launcher = { in: 'src/runner/launcher.mjs', out: 'harness/launcher' };
  const results = [
    await esbuild.build({ ...shared, entryPoints: [main], outdir: scratch, splitting: true }),
    await esbuild.build({ ...shared, entryPoints: [launcher], outdir: scratch }),
  ];
  const inputs = new Set(['package.json', 'tools/build.mjs']);
  for (const { metafile } of results)
    for (const file of Object.keys(metafile.inputs))
      if (!file.startsWith('node_modules/')) inputs.add(file);
  for (const language of ['node', 'python']) copyImage(language, scratch, inputs);
  return publish(scratch, [...inputs].sort());
}

function copyImage(language, scratch, inputs) {
  const from = join('runtime-images', language);
  const files = readdirSync(join(root, from)).filter((file) => /\.(mjs|py)$/.test(file));
  for (const file of files) {
    cpSync(join(root, from, file), join(scratch, 'harness', language, file));
    inputs.add(join(from, file));
  }
}

function publish(scratch, inputs) {
  const stamps = Object.fromEntries(inputs.map((file) => [file, stamp(file)]));
  const name = createHash('sha256').update(JSON.stringify(stamps)).digest('hex').slice(0, 16);
  const folder = join(dist, name);
  if (existsSync(folder)) rmSync(scratch, { recursive: true });
  else renameSync(scratch, folder);
  const note = join(dist, `current-${randomUUID()}.json`);
  writeFileSync(note, JSON.stringify({ build: name, inputs: stamps }));
  renameSync(note, current);
  forgetOld(name);
  return folder;
}

function forgetOld(name) {
  for (const entry of readdirSync(dist)) {
    const path = join(dist, entry);
    if (entry === name || entry === 'current.json') continue;
    if (Date.now() - statSync(path).mtimeMs > KEPT_MS)
      rmSync(path, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
