/** What a call in the warm process sees of its attempt, and how it reaches the executor. */
import { writeSync } from 'node:fs';
import { format } from 'node:util';
import { asRequest, onceBy } from './fanfold.mjs';

const LOG_MS = 50;
const LOG_BYTES = 16_000;
const LINE_MAX = 64_000;

/** Returns when all is in the pipe: what was sent is not lost when the process dies. */
export function send(text) {
  let at = writeSync(4, text);
  if (at === text.length && at < 1000) return;
  const bytes = Buffer.from(text);
  while (at < bytes.length) at += writeSync(4, bytes, at);
}

export function sendValue(value) {
  send(`${JSON.stringify(value)}\n`);
}

/** The second argument of a call. */
export class Task {
  #id;
  #abort;
  #logs = [];
  /** Of each stream, the text after the last line end. */
  #open = ['', ''];
  #logBytes = 0;
  #logAt = 0;
  #timer;
  #asks = new Map();
  #lastAsk = 0;

  constructor(id, run, task, attempt, workflow, folders = {}) {
    this.#id = id;
    this.run = run;
    this.id = task;
    this.attempt = attempt;
    this.workflow = workflow;
    this.artifacts = folders.left;
    this.inputs = folders.needed;
  }

  /** Aborted when the attempt is to stop. */
  get signal() {
    this.#abort ??= new AbortController();
    return this.#abort.signal;
  }

  abort() {
    this.#abort ??= new AbortController();
    this.#abort.abort();
  }

  beat() {
    this.#say({ beat: {} });
  }

  progress(step, fraction) {
    this.#say(fraction === undefined ? { step } : { step, progress: fraction });
  }

  spawn(request) {
    this.#say({ spawn: asRequest(request) });
  }

  /** Runs `fn` unless an attempt at this task has already run it to its end under this key; gives what it gave. */
  once(key, fn) {
    return onceBy((asked) => this.#ask(asked), key, fn);
  }

  #ask(once) {
    const ask = ++this.#lastAsk;
    const { promise, resolve, reject } = Promise.withResolvers();
    const aborted = () => reject(this.signal.reason);
    this.#asks.set(ask, resolve);
    if (this.signal.aborted) aborted();
    this.signal.addEventListener('abort', aborted, { once: true });
    this.#say({ once, ask });
    return promise.finally(() => this.signal.removeEventListener('abort', aborted));
  }

  answered(ask, answer) {
    this.#asks.get(ask)?.(answer);
    this.#asks.delete(ask);
  }

  log(...values) {
    this.write(0, `${format(...values)}\n`);
  }

  #say(message) {
    sendValue(['say', this.#id, Date.now(), message]);
  }

  /** Takes text of stdout (0) or stderr (1); lines are gathered for a moment, and go out before the call's result. */
  write(stream, text) {
    const lines = (this.#open[stream] + text).split('\n');
    this.#open[stream] = lines.pop();
    if (this.#open[stream].length > LINE_MAX) {
      lines.push(this.#open[stream]);
      this.#open[stream] = '';
    }
    if (lines.length > 0) this.#print(stream, lines);
  }

  #print(stream, lines) {
    const now = Date.now();
    if (this.#logs.length === 0) this.#logAt = now;
    let batch = this.#logs.at(-1);
    if (batch === undefined || batch[3] !== stream) {
      batch = ['log', this.#id, now, stream, []];
      this.#logs.push(batch);
    }
    for (const line of lines) {
      batch[4].push(line);
      this.#logBytes += line.length;
    }
    if (this.#logBytes > LOG_BYTES || now - this.#logAt > LOG_MS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), LOG_MS);
  }

  /** Sends what was printed; at the call's end also lines without a line end. */
  flush(over) {
    if (over === true) this.#close();
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#logs.length === 0) return;
    const text = this.#logs.map((batch) => JSON.stringify(batch)).join('\n');
    this.#logs = [];
    this.#logBytes = 0;
    send(`${text}\n`);
  }

  #close() {
    for (const stream of [0, 1]) {
      const text = this.#open[stream];
      this.#open[stream] = '';
      if (text !== '') this.#print(stream, [text]);
    }
  }
}
