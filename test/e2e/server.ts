/** A server as users start one: a process of its own over a folder, found by the line that it prints. */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '../../src/client/client.ts';
import { ownHeaders } from '../../src/client/server-token.ts';
import { bin, plainEnv } from '../examples/cli.ts';
import { markedProcesses } from './processes.ts';

export interface Place {
  readonly folder: string;
  readonly data: string;
  /** In the PATH of all that is started from here, tasks included: tells these processes from all others. */
  readonly mark: string;
  readonly env: Readonly<Record<string, string>>;
  /** Kills what is left and removes the folder. */
  remove(): Promise<void>;
}

/** A temporary folder with its own mark. `base`: where, when not in the usual place. */
export function openPlace(base: string = tmpdir()): Place {
  const folder = mkdtempSync(join(base, 'fanfold-e2e-'));
  const mark = join(folder, 'mark');
  mkdirSync(mark);
  const env = plainEnv();
  return {
    folder,
    data: join(folder, 'data'),
    mark,
    env: { ...env, PATH: `${env.PATH}:${mark}` },
    async remove() {
      for (let round = 0; round < 20; round++) {
        const left = markedProcesses(mark);
        if (left.length === 0) break;
        for (const { pid } of left) kill(pid);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServerProcess {
  readonly pid: number;
  /** Resolves with its url once it serves; rejects when it ends before. */
  readonly ready: Promise<string>;
  readonly exited: Promise<Exit>;
  readonly startedAt: number;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
}

export interface ServeOptions {
  readonly slots?: number;
  readonly data?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Where its standard error is kept as well. */
  readonly log?: string;
}

export function startServer(place: Place, options: ServeOptions = {}): ServerProcess {
  const args = [bin, 'serve', '--json', '--port', '0', '--data', options.data ?? place.data];
  if (options.slots !== undefined) args.push('--slots', String(options.slots));
  const startedAt = Date.now();
  const child = spawn(process.execPath, args, {
    cwd: place.folder,
    env: { ...place.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-100_000);
    if (options.log !== undefined) appendFileSync(options.log, text);
  });
  const exited = new Promise<Exit>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  const ready = urlOf(child, exited, () => stderr);
  // Whoever kills it before it serves need not listen.
  ready.catch(() => undefined);
  return {
    pid: child.pid as number,
    ready,
    exited,
    startedAt,
    stderr: () => stderr,
    kill: (signal) => void child.kill(signal),
  };
}

function urlOf(child: ChildProcess, exited: Promise<Exit>, stderr: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const line = /^\{.*"url".*\}$/m.exec(stdout)?.[0];
      if (line !== undefined) resolve((JSON.parse(line) as { url: string }).url);
    });
    exited.then(({ code, signal }) =>
      reject(new Error(`the server ended with ${signal ?? code} before it served: ${stderr()}`)),
    );
  });
}

export interface Served {
  readonly place: Place;
  readonly server: ServerProcess;
  readonly client: Client;
}

/** A client of this user's own server. */
export const clientOf = (url: string): Client => new Client({ url, headers: ownHeaders(url) });

/** A server that serves, and a client to it. */
export async function serve(place: Place, options: ServeOptions = {}): Promise<Served> {
  const server = startServer(place, options);
  return { place, server, client: clientOf(await server.ready) };
}
