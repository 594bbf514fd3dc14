#!/usr/bin/env node
/**
 * Starts the command line on Node 24, also from an older Node: the package brings Node 24 along, and this hands over to
 * it. So this file alone must do with an older Node.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NODE_MAJOR_MIN = 24;
const LAUNCHED = 'FANFOLD_LAUNCHED';
const PARENT_POLL_MS = 100;
const self = fileURLToPath(import.meta.url);
/** There in a clone only. */
const setup = join(dirname(dirname(self)), 'tools', 'setup.mjs');

/**
 * Early releases of Node 24 warn about what we rely on, and what is stable since. Nor does anybody who has a workflow in
 * a module want to read that Node had to find out that it is one.
 */
function silenceKnownWarnings() {
  const known = /^(Type Stripping|SQLite) is an experimental feature|^Module type of file:/;
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning, ...rest) => {
    if (!known.test(String(warning))) emitWarning(warning, ...rest);
  };
}

/** The binary of the package `node`, in our own `node_modules` or in those above that we are in. */
function bundledNode() {
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  for (let folder = dirname(self); ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', 'node', 'bin', file);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return undefined;
  }
}

/** A terminal sends its Ctrl-C and Ctrl-\ to the child as well; passing them on would make two of each. */
function hasTerminal() {
  return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
}

function handOver(node) {
  const child = spawn(node, [self, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, [LAUNCHED]: '1' },
  });
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP']) {
    const isKey = signal === 'SIGINT' || signal === 'SIGQUIT';
    process.on(signal, () => {
      if (!isKey || !hasTerminal()) child.kill(signal);
    });
  }
  child.on('error', (error) => fail(`could not start ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/**
 * Ends this process in order when what started it is gone: the older Node, however it died, or the shell of
 * `npm start`, which dies of the signal that npm forwards and keeps it to itself.
 */
function followParent() {
  if (process.env[LAUNCHED] === undefined && process.env.npm_lifecycle_event === undefined) return;
  delete process.env[LAUNCHED];
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, PARENT_POLL_MS);
  watch.unref();
}

/**
 * In a clone the bundle, made anew when the sources have changed, or the sources where there is no bundler. What Node
 * makes of them is kept: a start takes less than half the time then.
 */
async function program() {
  const { enableCompileCache } = await import('node:module');
  const root = dirname(dirname(self));
  if (!existsSync(setup)) {
    enableCompileCache();
    return '../lib/main.mjs';
  }
  const { freshBuild, build } = await import(pathToFileURL(join(root, 'tools', 'build.mjs')).href);
  const folder = freshBuild() ?? (await build());
  enableCompileCache(join(folder ?? join(root, '.cache'), 'cache'));
  return folder === undefined ? './main.ts' : pathToFileURL(join(folder, 'main.mjs')).href;
}

function fail(message) {
  console.error(`fanfold: ${message}`);
  process.exit(1);
}

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  silenceKnownWarnings();
  followParent();
  await import(await program());
} else {
  const node = bundledNode();
  if (node === undefined) {
    const brings = existsSync(setup) ? 'npm ci' : `npm install node@${NODE_MAJOR_MIN}`;
    fail(
      `Node ${NODE_MAJOR_MIN} or newer is needed; this is ${process.version}. \`${brings}\` brings one.`,
    );
  }
  handOver(node);
}
