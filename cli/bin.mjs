#!/usr/bin/env node
/**
 * Starts the command line on Node 24, also from an older Node: the package brings Node 24 as a dependency for
 * development, and this hands over to it. So this file alone must do with an older Node.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NODE_MAJOR_MIN = 24;
const LAUNCHED = 'FANFOLD_LAUNCHED';
const PARENT_POLL_MS = 100;
const self = fileURLToPath(import.meta.url);

/** Early releases of Node 24 warn about what we rely on, and what is stable since. */
function silenceKnownWarnings() {
  const known = /^(Type Stripping|SQLite) is an experimental feature/;
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning, ...rest) => {
    if (!known.test(String(warning))) emitWarning(warning, ...rest);
  };
}

function bundledNode() {
  const folder = join(dirname(dirname(self)), 'node_modules');
  const places = ['.bin/node', 'node/bin/node', 'node/bin/node.exe'];
  return places.map((place) => join(folder, place)).find((path) => existsSync(path));
}

/** A terminal sends its Ctrl-C to the child as well; passing it on would make two of it. */
function hasTerminal() {
  return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
}

function handOver(node) {
  const child = spawn(node, [self, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, [LAUNCHED]: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !hasTerminal()) child.kill(signal);
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

/** The bundle, made anew when the sources have changed; the sources themselves where there is no bundler. */
async function program() {
  const tools = join(dirname(dirname(self)), 'tools', 'build.mjs');
  const { freshBuild, build } = existsSync(tools) ? await import(pathToFileURL(tools).href) : {};
  const folder = freshBuild?.() ?? (await build?.());
  if (folder === undefined) return './main.ts';
  const { enableCompileCache } = await import('node:module');
  enableCompileCache(join(folder, 'cache'));
  return pathToFileURL(join(folder, 'main.mjs')).href;
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
    fail(`Node ${NODE_MAJOR_MIN} or newer is needed; this is ${process.version}.`);
  }
  handOver(node);
}
