/**
 * The launcher: a small process that starts programs for an executor, since starting one costs the more the larger
 * the process is that starts it. JSON lines on stdin and stdout, each an array that begins with a word:
 *
 *   to it:    hello {config} | start id {order} places | queue id {order} places | stop id graceMs | answer id ask {…} | recall | sink bytes
 *             | trim | bye
 *   from it:  began id pid at | log id at stream [lines] bytes | control id at {…} | ended id {result} | back id
 *             | refused id message
 *
 * What is to be queued begins when fewer than `places` programs run. Of a program that ends young only the end is told,
 * and while others wait, ends are told some at a time.
 *
 * When its stdin ends it kills all that it started, removes their folders and ends. Without a `bye` before, its
 * executor has died: then it kills what the others have started too.
 */
import { Places } from './launcher-places.mjs';
import { killByToken, oomKills, ReapedCpu } from './launcher-proc.mjs';
import { Program } from './launcher-program.mjs';

/** Log bytes under way to the executor beyond which the programs' pipes are no longer read. */
const LOG_WINDOW = 1_000_000;
const SWEEP_MS = 2000;
/** No program is looked at more often. */
const TICK_MS = 20;
/** For how long an end may wait for others to be told with it, while there is something to start. */
const GATHER_MS = 10;

// Errors are often a mere no here, such as a signal to nobody, and each would cost a trace.
Error.stackTraceLimit = 0;

const programs = new Map();
/** To be started now. */
const due = [];
/** To be started when others have ended. */
const queue = [];
let places = 0;
const sweeps = new Set();
const reaped = new ReapedCpu();
let out = [];
let ends = [];
let flushing = false;
let flushTimer;
let ending = false;
let starting = false;
let timer;
let timerAt = Number.POSITIVE_INFINITY;
let unsunk = 0;
let dismissed = false;
let oomSeen = oomKills();
let sweepAt = 0;
let endedSinceSweep = false;

const host = {
  config: undefined,
  places: undefined,
  paused: false,
  report(message) {
    out.push(JSON.stringify(message));
    if (!ending) flushSoon();
  },
  log(id, stream, lines, bytes) {
    host.report(['log', id, Date.now(), stream, lines, bytes]);
    unsunk += bytes;
    if (unsunk <= LOG_WINDOW || host.paused) return;
    host.paused = true;
    for (const program of programs.values()) program.pause();
  },
  /** Kills what this attempt has left anywhere; looks once for many. */
  sweep(id) {
    if (sweeps.size === 0) setImmediate(sweepIds);
    sweeps.add(String(id));
  },
  exited,
  refused,
};

function flushSoon() {
  if (flushing) return;
  flushing = true;
  setImmediate(flush);
}

function flush() {
  flushing = false;
  clearTimeout(flushTimer);
  flushTimer = undefined;
  if (ends.length > 0) reportEnds();
  if (out.length === 0) return;
  const text = `${out.join('\n')}\n`;
  out = [];
  process.stdout.write(text);
}

function sweepIds() {
  const prefix = `${host.config.token}.`;
  killByToken((token) => token.startsWith(prefix) && sweeps.has(token.slice(prefix.length)));
  sweeps.clear();
}

/** Kills what attempts that are over have left. */
function sweepAll() {
  endedSinceSweep = false;
  const prefix = `${host.config.token}.`;
  killByToken(
    (token) => token.startsWith(prefix) && !programs.has(Number(token.slice(prefix.length))),
  );
}

function exited(program, code, signalName) {
  ending = true;
  const result = program.finish(code, signalName);
  ending = false;
  if (signalName === 'SIGKILL' && !program.stopping) {
    const kills = oomKills();
    result.outOfMemory = kills > oomSeen;
    oomSeen = kills;
  }
  programs.delete(program.id);
  endedSinceSweep = true;
  tickAt(Math.max(sweepAt, Date.now() + SWEEP_MS / 4));
  ends.push([program.id, result]);
  startSoon();
  if (queue.length === 0) flushSoon();
  else flushTimer ??= setTimeout(flush, GATHER_MS);
}

/** The CPU of children that were reaped together is shared out by their run time. */
function reportEnds() {
  const cpuSeconds = reaped.delta();
  const wall = (result) => Math.max(1, result.endedAt - result.startedAt);
  const walls = ends.reduce((sum, [, result]) => sum + wall(result), 0);
  for (const [id, result] of ends) {
    const share = (cpuSeconds * wall(result)) / walls;
    result.cpuSeconds = Math.max(result.cpuSeconds ?? 0, share);
    out.push(JSON.stringify(['ended', id, result]));
  }
  ends = [];
}

function refused(program, message) {
  program.release();
  programs.delete(program.id);
  host.report(['refused', program.id, message]);
  startSoon();
}

const mayStart = () => due.length > 0 || (queue.length > 0 && programs.size < places);

function startSoon() {
  if (starting || !mayStart()) return;
  starting = true;
  setImmediate(startNext);
}

/** Starts one program a turn, so that in between the ends of others are seen. */
function startNext() {
  starting = false;
  if (!mayStart()) return;
  const [, id, order] = due.shift() ?? queue.shift();
  const program = new Program(id, order, host);
  programs.set(program.id, program);
  const failure = program.start();
  if (failure !== undefined) refused(program, failure);
  tickAt(Date.now() + TICK_MS);
  startSoon();
}

function tickAt(at) {
  if (timerAt <= at) return;
  clearTimeout(timer);
  timerAt = at;
  timer = setTimeout(tick, Math.max(1, at - Date.now()));
}

function tick() {
  const now = Date.now();
  timerAt = Number.POSITIVE_INFINITY;
  for (const program of programs.values()) tickAt(Math.max(now + TICK_MS, program.tick(now)));
  if (endedSinceSweep && now >= sweepAt) {
    sweepAt = now + SWEEP_MS;
    sweepAll();
  }
  if (endedSinceSweep) tickAt(Math.max(now + TICK_MS, sweepAt));
}

const handlers = {
  hello([, config]) {
    host.config = config;
    host.places = new Places(config.root);
  },
  start(message) {
    places = message[3];
    due.push(message);
    startSoon();
  },
  queue(message) {
    places = message[3];
    queue.push(message);
    startSoon();
  },
  stop([, id, graceMs]) {
    if (drop(due, id) || drop(queue, id))
      host.report(['ended', id, { code: null, signal: null, startedAt: 0, endedAt: Date.now() }]);
    programs.get(id)?.stop(graceMs);
  },
  answer([, id, ask, answer]) {
    programs.get(id)?.answer(ask, answer);
  },
  recall() {
    for (const [, id] of queue.splice(0)) host.report(['back', id]);
  },
  sink([, bytes]) {
    unsunk -= bytes;
    if (!host.paused || unsunk > LOG_WINDOW / 2) return;
    host.paused = false;
    for (const program of programs.values()) program.resume();
  },
  trim() {
    host.places.trim();
  },
  bye() {
    dismissed = true;
  },
};

/** Takes an order back that was not begun; false when there is none. */
function drop(orders, id) {
  const at = orders.findIndex((message) => message[1] === id);
  if (at >= 0) orders.splice(at, 1);
  return at >= 0;
}

/** The executor is gone, or wants no more. */
function end() {
  if (host.config === undefined) process.exit(0);
  for (const program of programs.values()) if (program.pid > 0) program.kill();
  const { token: own, executor } = host.config;
  const prefix = dismissed ? `${own}.` : `${executor}.`;
  killByToken((token) => token.startsWith(prefix));
  host.places.close();
  process.exit(0);
}

let rest = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop();
  for (const line of lines) {
    const message = JSON.parse(line);
    handlers[message[0]]?.(message);
  }
});
process.stdin.on('end', end);
process.stdin.on('error', end);
process.stdout.on('error', end);
process.on('SIGTERM', () => {});
process.on('SIGINT', () => {});
