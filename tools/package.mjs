/**
 * Fills `lib/`, where the package's entries are. In a clone they lead to the sources, so that nothing has to be built
 * (`--links`); before packing they become JavaScript with types, since Node reads no TypeScript in `node_modules`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lib = join(root, 'lib');
/** Of each entry its file, its types, and the source of both. */
const entries = [
  ['index.mjs', 'types/src/index.d.ts', 'src/index.ts'],
  ['embedded.mjs', 'types/src/embedded/index.d.ts', 'src/embedded/index.ts'],
  ['cdk.mjs', 'types/infra/index.d.ts', 'infra/index.ts'],
];

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Whether the entries lead to the sources already. */
export function isLinked() {
  return links().every(([file, text]) => existsSync(file) && readFileSync(file, 'utf8') === text);
}

export function link() {
  rmSync(lib, { recursive: true, force: true });
  for (const [file, text] of links()) write(file, text);
}

function links() {
  return entries.flatMap(([code, types, source]) =>
    [join(lib, code), join(lib, types)].map((file) => {
      const path = relative(dirname(file), join(root, source));
      return [file, `export * from '${path.replaceAll('\\', '/')}';\n`];
    }),
  );
}

async function build() {
  rmSync(lib, { recursive: true, force: true });
  const code = entries.map(([file, , source]) => ({ in: source, out: file.replace('.mjs', '') }));
  const main = { in: 'cli/main.ts', out: 'main' };
  const made = await bundle(lib, [main, ...code], {
    packages: 'external',
    minifySyntax: false,
    minifyWhitespace: false,
  });
  if (made === undefined) throw new Error('the bundler is missing: npm ci');
  // In TypeScript, which the Node that only installs may not know.
  const { buildFunctions } = await import('./build-functions.ts');
  const { buildImages } = await import('./build-images.ts');
  await buildFunctions(() => {}, join(lib, 'functions'));
  await buildImages(() => {}, join(lib, 'images'));
  buildTypes();
}

function buildTypes() {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-types-'));
  try {
    const options = {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      outDir: folder,
      rootDir: root,
      typeRoots: [join(root, 'node_modules', '@types')],
    };
    const files = entries.map(([, , source]) => join(root, source));
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: options,
      files,
      include: [],
    };
    write(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const { status } = spawnSync(process.execPath, [tsc, '-p', folder], { stdio: 'inherit' });
    if (status !== 0) throw new Error('the types could not be made');
    for (const [, types] of entries) keepTypes(folder, types.replace('types/', ''));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Takes over a file of types and those that it imports, and no others. */
function keepTypes(from, file) {
  const kept = join(lib, 'types', file);
  if (existsSync(kept)) return;
  const imported = [];
  const text = readFileSync(join(from, file), 'utf8').replace(
    /(['"])(\.{1,2}\/[^'"]+)\.ts\1/g,
    (_, quote, path) => {
      imported.push(join(dirname(file), `${path}.d.ts`));
      return `${quote}${path}.js${quote}`;
    },
  );
  write(kept, text);
  for (const next of imported) keepTypes(from, next);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--links')) link();
  else await build();
}
