/**
 * For Node programs that run as tasks: what PROTOCOL.md says, as functions. Optional; outside of a task they do
 * nothing.
 */
import { readFileSync, writeFileSync, writeSync } from 'node:fs';

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

/** Makes a value the task's output. The last call counts. */
export function output(value) {
  if (env.TASK_OUTPUT !== undefined) writeFileSync(env.TASK_OUTPUT, JSON.stringify(value ?? null));
}
