/**
 * The launcher: a small process that starts programs for an executor, since starting one costs the more the larger
 * the process is that starts it. JSON lines on stdin and stdout, each an array that begins with a word:
 *
 *   to it:    hello {config} | start id {order} | stop id graceMs | sink bytes | trim | bye
 *   from it:  began id pid at | log id at stream [lines] bytes | control id at {…} | ended id {result} | refused id message
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

const programs = new Map();
const queue = [];
const sweeps = new Set();
const reaped = new ReapedCpu();
let out = [];
let ends = [];
let flushing = false;
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
    if (flushing) return;
    flushing = true;
    setImmediate(flush);
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

function flush() {
  flushing = false;
  if (ends.length > 0) reportEnds();
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
  const result = program.finish(code, signalName);
  if (signalName === 'SIGKILL' && !program.stopping) {
    const kills = oomKills();
    result.outOfMemory = kills > oomSeen;
    oomSeen = kills;
  }
  programs.delete(program.id);
  endedSinceSweep = true;
  tickAt(Math.max(sweepAt, Date.now() + SWEEP_MS / 4));
  ends.push([program.id, result]);
  if (flushing) return;
  flushing = true;
  setImmediate(flush);
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
}

/** Starts one program a turn, so that in between the ends of others are seen. */
function startNext() {
  const next = queue.shift();
  starting = queue.length > 0;
  if (starting) setImmediate(startNext);
  if (next === undefined) return;
  const program = new Program(next[1], next[2], host);
  programs.set(program.id, program);
  const failure = program.start();
  if (failure !== undefined) refused(program, failure);
  else if (program.pid > 0) host.report(['began', program.id, program.pid, program.startedAt]);
  tickAt(Date.now() + TICK_MS);
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
    queue.push(message);
    if (starting) return;
    starting = true;
    startNext();
  },
  stop([, id, graceMs]) {
    const waiting = queue.findIndex((message) => message[1] === id);
    if (waiting >= 0) {
      queue.splice(waiting, 1);
      host.report(['ended', id, { code: null, signal: null, startedAt: 0, endedAt: Date.now() }]);
    }
    programs.get(id)?.stop(graceMs);
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
