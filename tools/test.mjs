/**
 * Runs Jest on everything (or on what the arguments select) and ends with one line: `N passed, N failed`.
 *
 * Jest runs in a process group of its own, so that nothing a test has started outlives this command.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How long Jest may take to leave once its results are written; longer means that a test left something open. */
const LEAVE_MS_MAX = 60_000;
/** How long Jest may take to leave once it is told to. */
const STOP_MS_MAX = 2_000;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'fanfold-test-'));
const resultsFile = join(folder, 'results.json');

/** ESM in Jest needs the flag; the warning it would print in each worker says nothing new. */
const nodeOptions = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

function runJest() {
  const bin = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const args = [bin, '--json', `--outputFile=${resultsFile}`, ...process.argv.slice(2)];
  const options = [process.env.NODE_OPTIONS, ...nodeOptions].filter(Boolean).join(' ');
  const env = { ...process.env, NODE_OPTIONS: options };
  const stdio = ['inherit', process.stderr, 'inherit'];
  return spawn(process.execPath, args, { cwd: root, env, stdio, detached: true });
}

function killGroup(jest, signal) {
  try {
    process.kill(-jest.pid, signal);
  } catch {
    // ESRCH: the group is gone, which is what we want.
  }
}

/** Resolves with whether Jest left by itself, and its exit code. */
function ended(jest) {
  return new Promise((resolve) => {
    let timer;
    let late = false;
    const watch = setInterval(() => {
      if (timer !== undefined || !existsSync(resultsFile)) return;
      timer = setTimeout(() => {
        late = true;
        killGroup(jest, 'SIGKILL');
      }, LEAVE_MS_MAX);
    }, 200);
    jest.on('exit', (code) => {
      clearInterval(watch);
      clearTimeout(timer);
      killGroup(jest, 'SIGKILL');
      resolve({ code: code ?? 1, late });
    });
  });
}

/** A file that could not run counts as one failure: none of its tests was counted. */
function count() {
  if (!existsSync(resultsFile)) return { passed: 0, failed: 1, skipped: 0 };
  const results = JSON.parse(readFileSync(resultsFile, 'utf8'));
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}

function stop(jest) {
  killGroup(jest, 'SIGTERM');
  setTimeout(() => killGroup(jest, 'SIGKILL'), STOP_MS_MAX).unref();
}

/** The shell of `npm test` dies of a signal and keeps it to itself, so this looks whether it is still there. */
function stopWithParent(jest) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop(jest);
  }, 200);
  watch.unref();
}

const jest = runJest();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(jest));
stopWithParent(jest);
const { code, late } = await ended(jest);
const { passed, failed, skipped } = count();
rmSync(folder, { recursive: true, force: true });
if (late) console.error('test: a test left something open, so Jest could not leave by itself.');
if (passed + failed === 0) console.error('test: no tests were found.');
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = code !== 0 || late || failed > 0 || passed === 0 ? 1 : 0;
