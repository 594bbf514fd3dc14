import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { AttemptError } from '../contract/execution.ts';
import { LastWords } from './last-words.ts';
import { Lines } from './launcher-lines.mjs';
import { oomKills, signal } from './launcher-proc.mjs';
import { gotNoMemory } from './out-of-memory.ts';

export interface WarmCommand {
  readonly argv: readonly string[];
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Its own folder; made here, and removed when it has ended. */
  readonly folder: string;
  readonly token: string;
  /** A program that serves its own functions. */
  readonly isOwnHarness: boolean;
}

export interface WarmListener {
  /** JSON values, one for each line that has come. */
  messages(messages: readonly unknown[]): void;
  /** What was printed past the harness. */
  printed(stream: 'stdout' | 'stderr', lines: readonly string[]): void;
  /** Nothing comes after this. */
  exited(why: AttemptError): void;
}

/** How long a dead process's last words may take. */
const LAST_WORDS_MS = 500;
const LINE_MAX = 64_000;

/** The harness process itself and its pipes. In a process group of its own, which ends with it. */
export class WarmChild {
  readonly exited: Promise<void>;
  #child: ChildProcess;
  #in: Writable;
  #out: Readable;
  #rest = '';
  #listener: WarmListener;
  #command: WarmCommand;
  #stdout = new Lines(LINE_MAX);
  #stderr = new Lines(LINE_MAX);
  #oomBefore = oomKills();
  #over = false;
  #lastWords: LastWords | undefined;
  /** Task code has meddled with our pipe: nothing that comes now can be believed. */
  #broken = false;

  constructor(command: WarmCommand, listener: WarmListener) {
    this.#command = command;
    this.#listener = listener;
    mkdirSync(join(command.folder, 'tmp'), { recursive: true, mode: 0o700 });
    const [file = '', ...args] = command.argv;
    this.#child = spawn(file, args, {
      cwd: command.cwd ?? command.folder,
      env: {
        ...command.env,
        HOME: command.folder,
        TMPDIR: join(command.folder, 'tmp'),
        TASK_TOKEN: command.token,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const [, stdout, stderr, input, output] = this.#child.stdio;
    this.#in = input as Writable;
    this.#out = output as Readable;
    this.#in.on('error', () => {});
    this.#out.on('error', () => {});
    this.#out.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    this.#print(stdout as Readable, 'stdout', this.#stdout);
    this.#print(stderr as Readable, 'stderr', this.#stderr);
    this.exited = new Promise((resolve) => this.#watch(resolve));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(text: string): void {
    if (this.#in.writable) this.#in.write(text);
  }

  /** Makes a harness that asked for it read at once, also in the middle of a call. */
  poke(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  pause(): void {
    this.#out.pause();
  }

  resume(): void {
    this.#out.resume();
  }

  kill(): void {
    if (this.#child.pid !== undefined && !this.#over) signal(-this.#child.pid, 'SIGKILL');
  }

  #read(text: string): void {
    const end = text.lastIndexOf('\n');
    if (end < 0) {
      this.#rest += text;
      return;
    }
    const whole = this.#rest + text.slice(0, end);
    this.#rest = text.slice(end + 1);
    const messages = parseLines(whole);
    if (messages === undefined) this.#broken = true;
    if (this.#broken) this.kill();
    else this.#listener.messages(messages ?? []);
  }

  /** It reads what it prints by itself, from these pipes of its own: what it leaves in them is to be found. */
  keep(fds: readonly [stdout: number, stderr: number]): void {
    this.#lastWords ??= new LastWords(this.#child.pid ?? 0, fds);
  }

  #endLines(stream: 'stdout' | 'stderr', lines: Lines): void {
    const found = lines.end();
    if (found.length > 0) this.#listener.printed(stream, found);
  }

  #print(from: Readable, stream: 'stdout' | 'stderr', lines: Lines): void {
    from.on('error', () => {});
    from.on('data', (bytes: Buffer) => {
      const found = lines.push(bytes);
      if (found.length > 0) this.#listener.printed(stream, found);
    });
    from.on('end', () => this.#endLines(stream, lines));
  }

  /** A grandchild may hold the pipes for ever, so their end is waited for only so long. */
  #watch(resolve: () => void): void {
    let why: AttemptError | undefined;
    let timer: NodeJS.Timeout | undefined;
    const over = () => {
      if (this.#over) return;
      this.#over = true;
      clearTimeout(timer);
      this.#clean();
      this.#listener.exited(why ?? { reason: 'lost', message: 'the process is gone' });
      resolve();
    };
    this.#child.once('error', (error) => {
      why ??= { reason: 'start', message: startMessage(this.#command, error) };
      if (this.#child.pid === undefined) setImmediate(over);
    });
    this.#child.once('exit', (code, signalName) => {
      this.#hearLastWords();
      if (this.#child.pid !== undefined) signal(-this.#child.pid, 'SIGKILL');
      timer = setTimeout(over, LAST_WORDS_MS);
      why ??= this.#crash(code, signalName);
    });
    this.#child.once('close', (code, signalName) => {
      if (code !== null || signalName !== null) why = this.#crash(code, signalName);
      over();
    });
  }

  /** It has told this of its stderr: should it end now, it may say why. */
  heard(lines: readonly string[]): void {
    if (Array.isArray(lines)) this.#stderr.push(Buffer.from(`${lines.join('\n')}\n`));
  }

  #hearLastWords(): void {
    const [out, err] = this.#lastWords?.take() ?? [];
    for (const [stream, bytes, lines] of [
      ['stdout', out, this.#stdout],
      ['stderr', err, this.#stderr],
    ] as const) {
      const found = bytes === undefined ? [] : lines.push(bytes);
      if (found.length > 0) this.#listener.printed(stream, found);
      this.#endLines(stream, lines);
    }
  }

  #clean(): void {
    for (const stream of this.#child.stdio) stream?.destroy();
    rm(this.#command.folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }

  #crash(code: number | null, signalName: string | null): AttemptError {
    const tail = this.#stderr.tail.trim();
    const outOfMemory =
      gotNoMemory(tail) || (signalName === 'SIGKILL' && oomKills() > this.#oomBefore);
    const how = code === null ? `ended by ${signalName}` : `exit code ${code}`;
    const error = {
      reason: outOfMemory ? ('memory' as const) : ('exit' as const),
      message: tail === '' ? `its process ended: ${how}` : tail.slice(-2000),
    };
    if (code !== null) return { ...error, exitCode: code };
    return signalName === null ? error : { ...error, signal: signalName };
  }
}

function startMessage({ argv, cwd }: WarmCommand, error: Error): string {
  if (cwd !== undefined && !existsSync(cwd)) return `the code's folder ${cwd} is missing`;
  return `${argv[0]} could not be started: ${error.message}`;
}

/** Undefined for what is not JSON. */
function parseLines(text: string): unknown[] | undefined {
  try {
    return JSON.parse(`[${text.replaceAll('\n', ',')}]`);
  } catch {
    return undefined;
  }
}
