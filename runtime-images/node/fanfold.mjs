/**
 * For Node programs that run as tasks: what PROTOCOL.md says, as functions. Optional; outside of a task they do
 * nothing.
 */
import { readFileSync, writeFileSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { format } from 'node:util';

// biome-ignore lint/style/noProcessEnv: a task's environment is its interface
const env = process.env;

function say(message) {
  if (env.TASK_CONTROL !== undefined) writeSync(3, `${JSON.stringify(message)}\n`);
}

/** I am alive. */
export function beat() {
  say({ beat: {} });
}

/** I am at this step, and this part of all, 0 to 1, is done. */
export function progress(step, fraction) {
  say(fraction === undefined ? { step } : { step, progress: fraction });
}

/** Asks for a sub-task: `{ key, run, with, detached }`, of which none is needed. */
export function spawn(request = {}) {
  say({ spawn: request });
}

export function log(text) {
  say({ log: String(text) });
}

/** The task's input. */
export function input() {
  return env.TASK_INPUT === undefined ? null : JSON.parse(readFileSync(env.TASK_INPUT, 'utf8'));
}

/**
 * Runs `fn` unless an attempt at this task has already run it to its end under this key: then it gives what was returned
 * there. So what a second attempt, or a message that came twice, would do again is done once. When the process dies
 * between the effect and the note of it, `fn` runs again in the next attempt. What it returns is kept as JSON, at most
 * 64 KB. `signal` ends the wait for another attempt's effect.
 */
export function once(key, fn, signal) {
  return onceBy((asked) => askByFile(asked, signal), key, fn);
}

/** The same for whoever has another way to ask. */
export async function onceBy(ask, key, fn) {
  const told = async (asked) => {
    const answer = await ask(asked);
    if (answer.error === undefined) return answer;
    throw Object.assign(new Error(answer.error), { name: 'OnceError' });
  };
  let answer = await told({ key });
  while (answer.wait > 0) {
    await sleep(answer.wait);
    answer = await told({ key });
  }
  if (answer.mine !== true) return answer.value;
  const value = (await fn()) ?? null;
  const kept = await told({ key, value });
  return kept.kept === true ? value : kept.value;
}

let asks = 0;

/** The answer comes as a file. */
async function askByFile(once, signal) {
  const folder = env.TASK_ANSWERS;
  if (folder === undefined) return { error: 'only within a task: it needs somebody to remember' };
  const ask = ++asks;
  say({ once, ask });
  for (let pause = 1; ; pause = Math.min(50, 2 * pause)) {
    const text = await readFile(`${folder}/${ask}.json`, 'utf8').catch(() => undefined);
    if (text !== undefined) return JSON.parse(text);
    signal?.throwIfAborted();
    await sleep(pause);
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Makes a value the task's output. The last call counts. */
export function output(value) {
  if (env.TASK_OUTPUT !== undefined) writeFileSync(env.TASK_OUTPUT, JSON.stringify(value ?? null));
}

/** What is asked for by a call's `spawn(value)`: a request, where all that the value has are members of one; else its input. */
export function asRequest(value) {
  const known = ['key', 'run', 'with', 'detached'];
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const isRequest = names.length > 0 && names.every((name) => known.includes(name));
  return isRequest ? value : { with: value ?? null };
}

/**
 * Makes this program out of functions as a warm process calls them, `fn(input, task)`: of several, `{ name: fn }`, it
 * runs the one that its first argument names. What that returns is the output; what it throws ends the program.
 */
export async function main(functions) {
  const name = process.argv[2];
  const fn = typeof functions === 'function' ? functions : functions[name];
  if (typeof fn !== 'function')
    throw new Error(`no function ${name}: there are ${Object.keys(functions).join(', ')}`);
  const abort = new AbortController();
  process.once('SIGTERM', () => abort.abort());
  const task = {
    run: env.TASK_RUN,
    workflow: env.TASK_WORKFLOW,
    id: env.TASK_ID,
    attempt: Number(env.TASK_ATTEMPT ?? 1),
    artifacts: env.TASK_ARTIFACTS,
    inputs: env.TASK_INPUTS,
    signal: abort.signal,
    beat,
    progress,
    spawn: (value) => spawn(asRequest(value)),
    log: (...values) => log(format(...values)),
    once: (key, fn) => once(key, fn, abort.signal),
  };
  output(await fn(input(), task));
}
