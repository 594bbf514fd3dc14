/** What the command line needs of the process around it; tests bring their own. */
import { createInterface } from 'node:readline';
import { Client } from '../src/client/client.ts';
import type { Fanfold } from '../src/client/fanfold.ts';
import type { HttpCall } from '../src/client/http.ts';
import { asksForSignature, signedFetch } from '../src/client/signed-fetch.ts';
import type { CodeArchive } from '../src/contract/workflow.ts';
import { awsCredentials } from './aws-credentials.ts';
import { isBelowLocalhost, localFetch } from './local-fetch.ts';
import { readSecret } from './secret.ts';
import { readKept, signedInFetch } from './sign-in-store.ts';

export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows: number;
}

export interface Remote extends Fanfold {
  readonly url: string;
  isAlive(): Promise<boolean>;
  /** Any call of the API; refusals are thrown as `Problem`. */
  call(call: HttpCall): Promise<unknown>;
  sendCode(bytes: Uint8Array): Promise<CodeArchive>;
}

export interface EmbeddedOptions {
  readonly dataFolder: string;
  /** How many tasks run at once; 0: none, for looking only. */
  readonly slots?: number;
  /** Null: no HTTP. Default: the usual port, or the next free one. */
  readonly port?: number | null;
  readonly host?: string;
  readonly firstAdmin?: { readonly name: string; readonly password: string };
  readonly keepDays?: number;
  readonly fsync?: boolean;
}

export interface Embedded {
  readonly engine: Fanfold & { putCode(hash: string, bytes: Uint8Array): Promise<CodeArchive> };
  readonly url: string | undefined;
  /** An address that signs a browser in, once. */
  link(): string | undefined;
  /** How many tasks run at once. */
  readonly slots: number;
  close(): Promise<void>;
}

export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGQUIT' | 'SIGHUP';

export interface Shell {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Each line of stdin as it comes. */
  readonly lines: () => AsyncIterable<string>;
  /** A line of stdin that is not shown as it is typed. */
  secret(question: string): Promise<string>;
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Hears of signals until the returned function is called; meanwhile they no longer end the process. */
  onSignal(listener: (signal: Signal) => void): () => void;
  /** Whether a process of that id lives. */
  isProcess(pid: number): boolean;
  /** `profile`: of the AWS command line, by whose keys requests are signed. */
  connect(url: string, profile?: string): Remote;
  startEmbedded(options: EmbeddedOptions): Promise<Embedded>;
  /** Ends the process at once. */
  leave(code: number): void;
}

const COLUMNS_USUAL = 80;
const ROWS_USUAL = 24;

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns || COLUMNS_USUAL;
    },
    get rows() {
      return stream.rows || ROWS_USUAL;
    },
  };
}

/** One look for credentials serves a command. */
function fetchFor(url: string, profile: string | undefined): typeof fetch {
  const send = isBelowLocalhost(url) ? localFetch : fetch;
  const { env } = process;
  const isOurs = profile === undefined || profile in readKept(env).profiles;
  if (isOurs && !asksForSignature(url)) return signedInFetch(url, env, send, () => Date.now());
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  let found: ReturnType<typeof awsCredentials> | undefined;
  return signedFetch(
    url,
    region,
    () => (found ??= awsCredentials(env, isOurs ? undefined : profile)),
    send,
  );
}

function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function onSignal(listener: (signal: Signal) => void): () => void {
  const signals: readonly Signal[] = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'];
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

/** Loaded when first needed: most commands talk to a server only. */
async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { startEmbedded: start } = await import('../src/embedded/index.ts');
  return start(options);
}

/** This process. */
export function processShell(): Shell {
  // Whoever reads our output may stop early, as `head` does; that is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    env: process.env,
    cwd: process.cwd(),
    lines: () => createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY }),
    secret: readSecret,
    now: () => Date.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    onSignal,
    isProcess,
    connect: (url, profile) => new Client({ url, fetch: fetchFor(url, profile) }),
    startEmbedded,
    // What was written to a pipe is written before the process ends.
    leave: (code) => void process.stdout.write('', () => process.exit(code)),
  };
}
