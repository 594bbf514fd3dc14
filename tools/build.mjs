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
const KEPT = 5;
/** Younger ones may be what another process makes, or is about to load. */
const MAKING_MS_MAX = 60_000;

/** Size and time of a file; undefined when it is gone. */
function stamp(file) {
  try {
    // Joined by hand: at each start, for each source, `join` is so much work that it wakes the compiler.
    const { size, mtimeMs } = statSync(`${root}/${file}`);
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

/**
 * An `import` of one of Node's own modules reads all that it exports, and with that loads what nobody asked for: streams
 * of the web with `node:fs`, certificates with `node:crypto`. What is taken by name alone loads nothing more.
 */
const thinBuiltins = {
  name: 'thin-builtins',
  setup(build) {
    const namespace = 'builtin';
    build.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace }));
    build.onLoad({ filter: /./, namespace }, ({ path }) => {
      const names = Object.keys(process.getBuiltinModule(path)).filter((name) =>
        /^\w+$/.test(name),
      );
      const taken = names.map((name) => `export const ${name} = /* @__PURE__ */ take('${name}');`);
      const whole = `const whole = process.getBuiltinModule('${path}');`;
      const take = 'const take = (name) => whole[name];';
      return { contents: [whole, take, 'export default whole;', ...taken].join('\n') };
    });
  },
};

/**
 * Bundles the entries into `folder`, and into its `harness` what the runner's processes run. Returns the sources it read;
 * undefined when there is no bundler, as in an installed package.
 */
export async function bundle(folder, entryPoints, options = {}) {
  const esbuild = await import('esbuild').catch(() => undefined);
  if (esbuild === undefined) return undefined;
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
    plugins: [thinBuiltins],
    ...options,
  };
  const worker = { in: 'src/embedded/submit-worker.ts', out: 'submit-worker' };
  const threads = [...entryPoints, worker];
  const processes = [
    { in: 'src/runner/launcher.mjs', out: 'harness/launcher' },
    { in: 'runtime-images/node/harness.mjs', out: 'harness/node/harness' },
  ];
  const results = [
    await esbuild.build({ ...shared, entryPoints: threads, outdir: folder, splitting: true }),
    await esbuild.build({ ...shared, banner: {}, entryPoints: processes, outdir: folder }),
    await esbuild.build(dashboard(join(folder, 'dashboard'))),
  ];
  writePage(join(folder, 'dashboard'));
  await esbuild.stop(); // else it stays, with 70 MB, for as long as the server that was started runs
  const inputs = results.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const images = harnessFiles().filter((file) => !/^node\/harness/.test(file));
  for (const file of images) cpSync(join(root, runtimes, file), join(folder, 'harness', file));
  const ours = inputs.filter((file) => !/^(node_modules\/|builtin:)/.test(file));
  return [...ours, page, icon, ...images.map((file) => join(runtimes, file))];
}

const page = 'dashboard/index.html';
const icon = 'dashboard/icon.svg';

/** A browser's programs and styles, each with a hash of what is in it in its name: kept for ever by who has it. */
function dashboard(outdir) {
  return {
    absWorkingDir: root,
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: ['es2023', 'chrome123', 'firefox120', 'safari17.5'],
    minify: true,
    metafile: true,
    logLevel: 'warning',
    entryPoints: [{ in: 'dashboard/main.tsx', out: 'dashboard' }],
    outdir,
    entryNames: '[name]-[hash]',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    tsconfigRaw: {},
  };
}

/** The page, with the names that its program and its styles got. */
function writePage(folder) {
  const named = (ending) => readdirSync(folder).find((file) => file.endsWith(ending));
  const text = readFileSync(join(root, page), 'utf8')
    .replace('dashboard.js', named('.js'))
    .replace('dashboard.css', named('.css'));
  writeFileSync(join(folder, 'index.html'), text);
  cpSync(join(root, icon), join(folder, 'icon.svg'));
}

const runtimes = 'runtime-images';

/** What warm processes run, below `runtime-images`; without what is made from it, and what it is tested with. */
export function harnessFiles() {
  return readdirSync(join(root, runtimes), { recursive: true })
    .filter((file) => /^[^/]+\/.*\.(mjs|py|bash|sh|java|jar|pl|pm|rb|php)$/.test(file))
    .filter((file) => !/\/(fixture|node_modules|target|test)\//.test(file))
    .sort();
}

/** Builds, and returns the build's folder; undefined when there is no bundler. */
export async function build() {
  const scratch = join(dist, `new-${randomUUID()}`);
  const entries = [
    { in: 'cli/main.ts', out: 'main' },
    { in: 'src/index.ts', out: 'index' },
  ];
  const banner = {
    // Packages in CommonJS ask for Node's own modules by `require`.
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  };
  const read = await bundle(scratch, entries, { banner });
  if (read === undefined) return undefined;
  return publish(scratch, [...new Set(['package.json', 'tools/build.mjs', ...read])].sort());
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
  forgetOld();
  return folder;
}

/** Keeps the newest builds, which servers may still run, and what may be in the making. */
function forgetOld() {
  const made = readdirSync(dist)
    .filter((entry) => entry !== 'current.json')
    .map((entry) => ({ path: join(dist, entry), at: statSync(join(dist, entry)).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  for (const { path, at } of made.slice(KEPT)) {
    if (Date.now() - at > MAKING_MS_MAX) rmSync(path, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
