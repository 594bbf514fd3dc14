/**
 * The warm process for Node: runs calls of functions and snippets, one after another or `concurrency` at a time.
 * JSON lines on fd 3 (in) and fd 4 (out); see ../PROTOCOL.md.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { format } from 'node:util';
import { define, definitions, refresh } from './harness-definitions.mjs';
import { send, sendValue, Task } from './harness-task.mjs';

const concurrency = Number(process.argv[2] ?? 1);
const outputMax = Number(process.argv[3] ?? 1 << 24);
const store = concurrency > 1 ? new AsyncLocalStorage() : undefined;

/** How our own files are named in a stack. */
const here = `${import.meta.url.slice(0, import.meta.url.lastIndexOf('/') + 1)}harness`;

/** Turns of sync calls end after this time, so that messages are seen. */
const TURN_MS = 2;
/** How often memory is told, but for long calls. */
const MEMORY_MS = 1000;
const LONG_US = 50_000;

/** What waits: calls with their definition, in order. */
let queue = [];
let head = 0;
const running = new Map();
let current;
let turning = false;
let memoryAt = 0;
let cpuBefore = process.cpuUsage();
let cpuShortUs = 0;

// ---- calls ----

function turn() {
  turning = false;
  const until = performance.now() + TURN_MS;
  while (head < queue.length && running.size < concurrency) {
    const call = queue[head];
    queue[head++] = undefined;
    begin(call);
    if (performance.now() > until) break;
  }
  if (head === queue.length) {
    queue = [];
    head = 0;
  }
  if (running.size < concurrency) next();
}

function next() {
  if (turning || head === queue.length) return;
  turning = true;
  setImmediate(turn);
}

function begin(call) {
  const { definition, message } = call;
  const [id, input, run, taskId, attempt, workflow, folders] = message;
  call.task = new Task(id, run, taskId, attempt, workflow, folders);
  call.input = input;
  running.set(id, call);
  call.startedAt = Date.now();
  call.start = performance.now();
  try {
    const loading = refresh(definition);
    if (loading === undefined) invoke(call);
    else loading.then(() => invoke(call)).catch((error) => fail(call, error));
  } catch (error) {
    fail(call, error);
  }
}

/** Runs the call's code. What it returns may be a promise, or anything that has a `then`. */
function invoke(call) {
  const { fn } = call.definition;
  current = call;
  const result =
    store === undefined ? fn(call.input, call.task) : store.run(call, fn, call.input, call.task);
  if (typeof result?.then !== 'function') {
    succeed(call, result);
    return;
  }
  Promise.resolve(result).then(
    (value) => succeed(call, value),
    (error) => fail(call, error),
  );
}

function succeed(call, output) {
  let text;
  try {
    text = JSON.stringify(output ?? null) ?? 'null';
  } catch (error) {
    fail(call, Object.assign(error, { reason: 'output' }));
    return;
  }
  if (text.length <= outputMax) end(call, 'done', text);
  else fail(call, outputError(`the output has ${text.length} bytes, more than ${outputMax}`));
}

function outputError(message) {
  return Object.assign(new Error(message), { reason: 'output' });
}

function fail(call, error) {
  end(call, 'fail', JSON.stringify(describe(error)));
}

function end(call, kind, text) {
  const id = call.message[0];
  if (!running.delete(id)) return;
  const now = performance.now();
  const us = Math.round((now - call.start) * 1000);
  const cpu = concurrency === 1 ? `,${cpuOf(us)}` : '';
  if (now - memoryAt > MEMORY_MS || us > LONG_US) sendMemory(now);
  call.task.flush(true);
  current = undefined;
  send(`["${kind}",${id},${call.startedAt},${us},${text}${cpu}]\n`);
  next();
}

function sendMemory(now) {
  memoryAt = now;
  sendValue(['memory', Math.round(peakKb() / 102.4) / 10]);
}

/** The most that was resident since the last look; where the kernel does not tell, what is now. */
function peakKb() {
  try {
    const status = readFileSync('/proc/self/status', 'latin1');
    writeFileSync('/proc/self/clear_refs', '5');
    return Number(/VmHWM:\s+(\d+)/.exec(status)[1]);
  } catch {
    return process.memoryUsage.rss() / 1024;
  }
}

/** A short call's CPU time is its run time; asking the kernel would take longer than the call. */
function cpuOf(us) {
  if (us < 1000) {
    cpuShortUs += us;
    return us;
  }
  const used = process.cpuUsage(cpuBefore);
  cpuBefore = process.cpuUsage();
  const own = Math.max(0, used.user + used.system - cpuShortUs);
  cpuShortUs = 0;
  return own;
}

function describe(error) {
  if (!(error instanceof Error) && typeof error?.message !== 'string') {
    return {
      reason: 'error',
      message: cut(typeof error === 'string' ? error : format(error), 2000),
    };
  }
  return {
    reason: error.reason === 'start' || error.reason === 'output' ? error.reason : 'error',
    name: cut(error.name, 200),
    message: cut(error.message, 2000),
    stack: cut(ownStack(error), 8000),
  };
}

/** Without the lines that are ours. */
function ownStack(error) {
  const lines = String(error.stack ?? '').split('\n');
  return lines.filter((line) => !line.includes(here) || line.includes('eval at')).join('\n');
}

function cut(text, max) {
  return String(text ?? '').slice(0, max);
}

// ---- what is printed ----

function callNow() {
  return store === undefined ? current : store.getStore();
}

/** Makes a stream's text the log of the call that wrote it. */
function capture(stream, index) {
  const plain = stream.write.bind(stream);
  stream.write = (text, encoding, done) => {
    const call = callNow();
    if (call === undefined) return plain(text, encoding, done);
    const decoded = typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
    call.task.write(index, decoded);
    const callback = typeof encoding === 'function' ? encoding : done;
    if (callback !== undefined) process.nextTick(callback);
    return true;
  };
}

capture(process.stdout, 0);
capture(process.stderr, 1);
for (const name of ['log', 'info', 'debug']) {
  console[name] = (...values) => process.stdout.write(`${format(...values)}\n`);
}
for (const name of ['warn', 'error', 'trace']) {
  console[name] = (...values) => process.stderr.write(`${format(...values)}\n`);
}

// ---- the end of the process ----

function flushAll() {
  for (const call of running.values()) call.task.flush();
}

const exit = process.exit.bind(process);
process.exit = (code) => {
  const call = store?.getStore();
  const exitCode = Number(code ?? process.exitCode ?? 0);
  flushAll();
  if (call !== undefined && running.has(call.message[0])) {
    const message = `its process ended: exit code ${exitCode}`;
    sendValue(['fatal', call.message[0], { reason: 'exit', exitCode, message }]);
  }
  exit(code);
};
process.on('exit', flushAll);
process.on('uncaughtException', (error) => {
  const call = callNow() ?? (running.size === 1 ? [...running.values()][0] : undefined);
  flushAll();
  if (call !== undefined) sendValue(['fatal', call.message[0], describe(error)]);
  exit(1);
});

/** Whoever started us is gone: nothing that we have started may stay. */
function abandon() {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    exit(1);
  }
}

// ---- messages ----

function takeBack(ids) {
  const wanted = ids === undefined ? undefined : new Set(ids);
  const back = [];
  const kept = [];
  for (const call of queue.slice(head)) {
    const id = call.message[0];
    if (wanted === undefined || wanted.has(id)) back.push(id);
    else kept.push(call);
  }
  queue = kept;
  head = 0;
  return back;
}

const handlers = {
  define: ([, id, run, folder]) => define(id, run, folder),
  call([, id, calls]) {
    const definition = definitions.get(id);
    for (const message of calls) queue.push({ definition, message });
    if (turning || running.size >= concurrency) return;
    if (running.size === 0) turn();
    else next();
  },
  cancel([, id]) {
    const call = running.get(id);
    if (call !== undefined) call.task.abort();
    else sendValue(['recalled', ...takeBack([id])]);
  },
  answer: ([, id, ask, answer]) => running.get(id)?.task.answered(ask, answer),
  recall: () => sendValue(['recalled', ...takeBack(undefined)]),
};

let rest = '';
const input = new Socket({ fd: 3, readable: true, writable: false });
input.setEncoding('utf8');
input.on('data', (text) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop();
  for (const line of lines) {
    const message = JSON.parse(line);
    handlers[message[0]]?.(message);
  }
});
input.on('end', abandon);
input.on('error', abandon);
sendValue(['ready']);
