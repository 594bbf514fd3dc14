/**
 * Installs the packages of the lock file when they are missing or stale. `prestart`, `pretest` and CI run this first,
 * with whatever Node the machine has, so it uses nothing but built-ins and speaks Node 20.
 *
 * `--run` is content with what running takes, which is a small part of what building and testing take. `--mark` only
 * notes that the installed packages are those of the lock file; npm runs it after an install.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isLinked, link } from './package.mjs';

const NODE_MAJOR_MIN = 20;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const mark = join(root, 'node_modules', '.fanfold-lock');
const windows = process.platform === 'win32';
const runOnly = process.argv.includes('--run');

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}

/** What the packages depend on: the lock file, and the platform that native packages are built for. */
function fingerprint() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const platform = `${process.platform}-${process.arch}`;
  return createHash('sha256').update(lock).update(platform).digest('hex');
}

/** The package `node` brings a binary, in its own install script. */
function hasNode() {
  return existsSync(join(root, 'node_modules', 'node', 'bin', windows ? 'node.exe' : 'node'));
}

/** `all`, or `run` when only what running takes is installed. */
function extent() {
  return existsSync(join(root, 'node_modules', 'jest')) ? 'all' : 'run';
}

function note() {
  writeFileSync(mark, `${fingerprint()} ${extent()}`);
}

function isFresh() {
  if (!hasNode() || !existsSync(mark)) return false;
  const [known, of] = readFileSync(mark, 'utf8').split(' ');
  return known === fingerprint() && (of === 'all' || (runOnly && of === 'run'));
}

/** npm explains itself at length; this is the line that says why. */
function reason(stderr) {
  const lines = stderr.split('\n').map((line) => line.replace(/^npm (error|ERR!)\s*/, '').trim());
  const code = lines.find((line) => line.startsWith('code '))?.slice('code '.length);
  const why = lines.find(
    (line) => line !== '' && !/^(code|syscall|errno|path|npm warn) /.test(line),
  );
  return [code, why].filter(Boolean).join(': ') || 'it said nothing';
}

function install() {
  // Who has all of it keeps all of it.
  const dev = runOnly && extent() === 'run' ? '--omit=dev' : '--include=dev';
  const args = ['ci', dev, '--include=optional', '--loglevel=error'];
  const options = { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' };
  return spawnSync('npm', args, { ...options, shell: windows });
}

const marks = process.argv.includes('--mark');
// Packing calls `prepare` too, when `lib/` has been built for it.
const packs = ['pack', 'publish'].includes(process.env.npm_command);
if (!isLinked() && !(marks && packs)) link();
if (marks) {
  // npm also runs it when it has written the lock file only.
  if (hasNode() && process.env.npm_config_package_lock_only !== 'true') note();
} else if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  fail(
    `Node ${NODE_MAJOR_MIN} or newer is needed to install the packages; this is ${process.version}.`,
  );
} else if (!isFresh()) {
  console.log('setup: installing the packages of package-lock.json (npm ci)');
  const result = install();
  if (result.error) fail(`npm could not be started: ${result.error.message}`);
  if (result.status !== 0)
    fail(`npm ci failed: ${reason(result.stderr)} (run \`npm ci\` to see all of it)`);
  if (!hasNode())
    fail(
      'npm ci left no Node 24 in node_modules; are install scripts switched off (ignore-scripts)?',
    );
  note();
}
