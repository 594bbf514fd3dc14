/**
 * Installs the packages of the lock file when they are missing or stale. `prestart`, `pretest` and CI run this first,
 * with whatever Node the machine has, so it uses nothing but built-ins and speaks Node 20.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 20;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const mark = join(root, 'node_modules', '.fanfold-lock');
const node24 = join(root, 'node_modules', 'node', 'bin', 'node');

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

function isFresh(wanted) {
  if (!existsSync(mark) || readFileSync(mark, 'utf8') !== wanted) return false;
  return existsSync(node24) || existsSync(`${node24}.exe`);
}

/** npm hands its settings to scripts in the environment; an inner npm would take them for its user's. */
function environment() {
  const entries = Object.entries(process.env);
  return Object.fromEntries(entries.filter(([name]) => !/^npm_(package|lifecycle)_/i.test(name)));
}

function install() {
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--include=optional', '--loglevel=error'];
  const [command, rest] = npm?.endsWith('.js') ? [process.execPath, [npm, ...args]] : ['npm', args];
  return spawnSync(command, rest, { cwd: root, stdio: 'inherit', env: environment() });
}

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  fail(`Node ${NODE_MAJOR_MIN} or newer is needed to install; this is ${process.version}.`);
}
const wanted = fingerprint();
if (!isFresh(wanted)) {
  console.log('setup: installing the packages of package-lock.json (npm ci)');
  const result = install();
  if (result.error) fail(`npm could not be started: ${result.error.message}`);
  if (result.status !== 0) fail('npm ci failed; what it printed above says why.');
  if (!existsSync(node24) && !existsSync(`${node24}.exe`)) {
    fail('npm ci left no Node 24 in node_modules; were install scripts switched off (ignore-scripts)?');
  }
  writeFileSync(mark, wanted);
}
