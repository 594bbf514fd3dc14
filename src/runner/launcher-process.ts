import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { AttemptError, ExecutionSpec, OnceAnswer } from '../contract/execution.ts';
import type { Json } from '../contract/json.ts';
import { streams } from '../ports/log-sink.ts';
import type { Attempt, Ending, Host } from './attempt.ts';
import { killByToken, signal } from './launcher-proc.mjs';
import type { LogSource } from './log-pump.ts';
import { gotNoMemory } from './out-of-memory.ts';
import type { ProgramOrder } from './program-order.ts';
import type { RunTimes } from './run-times.ts';
import type { Shared } from './shared.ts';

/** What a launcher is told first. */
export interface LauncherConfig {
  readonly root: string;
  /** Begins the tokens of all processes of this executor. */
  readonly executor: string;
  readonly token: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logBytesMax: number;
  readonly outputBytesMax: number;
}

/** How a program ended, as its launcher tells it. */
interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly cpuSeconds?: number;
  readonly memoryMb?: number;
  readonly output?: Json;
  /** Why the output was not taken. */
  readonly refused?: string;
  /** The end of stderr. */
  readonly tail?: string;
  readonly outOfMemory?: boolean;
}

type Message =
  | ['began', number, number, number]
  | ['log', number, number, number, string[], number]
  | ['control', number, number, unknown]
  | ['ended', number, Ended]
  | ['back', number]
  | ['refused', number, string];

/** The executor's end of one launcher. */
export class LauncherProcess implements Host, LogSource {
  readonly attempts = new Map<number, Attempt>();
  /** How many of its attempts may run at a time; so many slots it has taken. */
  places = 0;
  idleSince = 0;
  /** When one that waited could begin, or nothing waited. */
  #movedAt = 0;
  #shared: Shared;
  #config: LauncherConfig;
  #child: ChildProcess;
  #pids = new Map<number, number>();
  #orders: string[] = [];
  #rest = '';
  #timesOf: (spec: ExecutionSpec) => RunTimes;
  #onExit: (launcher: LauncherProcess) => void;
  #exited: Promise<void>;

  constructor(
    shared: Shared,
    file: string,
    config: LauncherConfig,
    timesOf: (spec: ExecutionSpec) => RunTimes,
    onExit: (launcher: LauncherProcess) => void,
  ) {
    this.#shared = shared;
    this.#config = config;
    this.#timesOf = timesOf;
    this.#onExit = onExit;
    this.#child = spawn(shared.interpreters.node, [...NODE_FLAGS, file], {
      env: { PATH: config.env.PATH },
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    const { stdin, stdout } = this.#child;
    stdin?.on('error', () => {});
    stdout?.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    this.#exited = new Promise((resolve) => {
      const gone = () => {
        this.#gone();
        resolve();
      };
      this.#child.once('error', gone).once('close', gone);
    });
    this.#send(['hello', config]);
  }

  /** Those that begin when others have ended. */
  get waiting(): number {
    return this.attempts.size - this.places;
  }

  /** Takes an attempt, to be started with the next `flush`. */
  start(attempt: Attempt, order: ProgramOrder): void {
    this.places += 1;
    this.#order('start', attempt, order);
  }

  /** Takes an attempt that begins when another one has ended and none waits longer. */
  queue(attempt: Attempt, order: ProgramOrder): void {
    if (this.waiting === 0) this.#movedAt = this.#shared.clock.now();
    this.#order('queue', attempt, order);
  }

  #order(word: 'start' | 'queue', attempt: Attempt, order: ProgramOrder): void {
    attempt.host = this;
    this.attempts.set(attempt.id, attempt);
    this.#orders.push(JSON.stringify([word, attempt.id, order, this.places]));
  }

  /** Whether those that wait have done so for `ms` behind the same. */
  isStuck(now: number, ms: number): boolean {
    return this.waiting > 0 && now - this.#movedAt >= ms;
  }

  /** Asks for all that wait; they are released. */
  recall(): void {
    const now = this.#shared.clock.now();
    for (const { spec } of this.attempts.values()) this.#timesOf(spec).sees(now - this.#movedAt);
    this.#movedAt = now;
    this.flush();
    this.#send(['recall']);
  }

  flush(): void {
    if (this.#orders.length === 0) return;
    const text = `${this.#orders.join('\n')}\n`;
    this.#orders = [];
    this.#child.stdin?.write(text);
  }

  stop(attempt: Attempt, graceMs: number): void {
    this.flush();
    this.#send(['stop', attempt.id, graceMs]);
  }

  answer(attempt: Attempt, ask: number, answer: OnceAnswer): void {
    if (this.attempts.has(attempt.id)) this.#send(['answer', attempt.id, ask, answer]);
  }

  pidOf({ id }: Attempt): number | undefined {
    return this.#pids.get(id);
  }

  sunk(bytes: number): void {
    this.#send(['sink', bytes]);
  }

  trim(): void {
    this.#send(['trim']);
  }

  /** Ends it, and with it all that it has started. */
  async close(): Promise<void> {
    this.#send(['bye']);
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_MS_MAX);
    await this.#exited;
    clearTimeout(timer);
  }

  #send(message: readonly unknown[]): void {
    if (this.#child.stdin?.writable) this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  #read(text: string): void {
    const end = text.lastIndexOf('\n');
    if (end < 0) {
      this.#rest += text;
      return;
    }
    const whole = this.#rest + text.slice(0, end);
    this.#rest = text.slice(end + 1);
    const messages: Message[] = JSON.parse(`[${whole.replaceAll('\n', ',')}]`);
    for (const message of messages) this.#take(message);
    this.#shared.outbox.flush();
  }

  #take(message: Message): void {
    const attempt = this.attempts.get(message[1]);
    if (message[0] === 'log') this.#log(attempt, message);
    if (attempt === undefined) return;
    if (message[0] === 'began') {
      this.#pids.set(attempt.id, message[2]);
      this.#shared.began(attempt, message[3]);
    } else if (message[0] === 'control') {
      this.#shared.control.take(attempt, message[2], message[3]);
    } else if (message[0] === 'ended') {
      const { startedAt, endedAt } = message[2];
      if (startedAt > 0) this.#timesOf(attempt.spec).learn(endedAt - startedAt);
      this.#end(attempt, endingOf(message[2]));
    } else if (message[0] === 'back') {
      const at = this.#shared.clock.now();
      this.#end(attempt, { startedAt: at, endedAt: at, released: true });
    } else if (message[0] === 'refused') {
      const at = this.#shared.clock.now();
      const error: AttemptError = { reason: 'start', message: message[2] };
      this.#end(attempt, { startedAt: at, endedAt: at, error });
    }
  }

  #log(attempt: Attempt | undefined, message: Extract<Message, { 0: 'log' }>): void {
    const [, , at, stream, lines, bytes] = message;
    if (attempt !== undefined) {
      attempt.root.logBytes += 1;
      this.#shared.logs.add(attempt, at, streams[stream] ?? 'system', lines);
    }
    if (bytes > 0) this.#shared.logs.owe(this, bytes);
  }

  #end(attempt: Attempt, ending: Ending): void {
    this.attempts.delete(attempt.id);
    this.#pids.delete(attempt.id);
    this.places = Math.min(this.places, this.attempts.size);
    if (this.waiting > 0) this.#movedAt = this.#shared.clock.now();
    if (this.attempts.size === 0) this.idleSince = this.#shared.clock.now();
    this.#shared.finish(attempt, ending);
  }

  /** The launcher has ended. What it had started is killed; its attempts are lost. */
  #gone(): void {
    this.#onExit(this);
    if (this.attempts.size === 0) return;
    for (const pid of this.#pids.values()) signal(-pid, 'SIGKILL');
    killByToken((token) => token.startsWith(`${this.#config.token}.`));
    rmSync(this.#config.root, { recursive: true, force: true, maxRetries: 3 });
    const at = this.#shared.clock.now();
    for (const attempt of [...this.attempts.values()]) {
      const error: AttemptError = { reason: 'lost', message: 'the process that ran it was killed' };
      this.#end(attempt, { startedAt: attempt.startedAt || at, endedAt: at, error });
    }
    this.#shared.outbox.later();
  }
}

/** A launcher that has not ended after this time is killed. */
const CLOSE_MS_MAX = 5000;

/** A launcher is to stay small. */
const NODE_FLAGS = ['--max-semi-space-size=1', '--v8-pool-size=1'];

function endingOf(ended: Ended): Ending {
  const { startedAt, endedAt, cpuSeconds, memoryMb } = ended;
  const error = errorOf(ended);
  const base = { startedAt: startedAt || endedAt, endedAt, cpuSeconds, memoryMb };
  return error === undefined ? { ...base, output: ended.output ?? null } : { ...base, error };
}

function errorOf(ended: Ended): AttemptError | undefined {
  if (ended.refused !== undefined) return { reason: 'output', message: ended.refused };
  if (ended.code === 0) return undefined;
  const how = ended.code === null ? `ended by ${ended.signal}` : `exit code ${ended.code}`;
  const noMemory = ended.outOfMemory === true || gotNoMemory(ended.tail ?? '');
  const error = {
    reason: noMemory ? ('memory' as const) : ('exit' as const),
    message: ended.tail?.trim() || how,
  };
  if (ended.code !== null) return { ...error, exitCode: ended.code };
  return ended.signal === null ? error : { ...error, signal: ended.signal };
}
