/** An AWS on this machine for as long as this process lives: MiniStack, on a port of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AwsPlace } from '../../src/adapters/aws/clients.ts';
import { emulatorPython } from './environment.ts';

export interface Emulator {
  readonly place: AwsPlace & { readonly endpoint: string };
  /** Where it keeps all that it has; below it lies the code of the functions that it runs. */
  readonly folder: string;
  /** Ends it as a machine's shutdown would, and starts it again, at the same place with what it had kept. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface EmulatorOptions {
  readonly port?: number;
  /** Whether roles may do only what their policies say. Its own keys may do everything. */
  readonly enforcesRights?: boolean;
  /** It keeps its state over a restart. */
  readonly keeps?: boolean;
  /** Where its functions find AWS. Default: at the emulator itself. */
  readonly functionsEndpoint?: string;
}

/** A busy machine takes its time. */
const readyMsMax = 300_000;
const lookMs = 50;
const startsMax = 3;
const binFolder = join(import.meta.dirname, '..', '..', 'node_modules', '.bin');

/**
 * It ends when its input does, and so do the functions that it runs: none can outlive this process, however that ends.
 * The name of the program is for those who look at what runs.
 */
const program = `
import os, signal, sys, threading
os.setpgid(0, 0)
threading.Thread(target=lambda: (sys.stdin.read(), os.killpg(0, signal.SIGKILL)), daemon=True).start()
sys.argv = ['ministack']
from ministack.app import main
main()
`;

export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const python = await emulatorPython();
  for (let starts = 1; ; starts++) {
    const port = options.port ?? (await freePort());
    try {
      return await startOn(python, port, options);
    } catch (error) {
      // Somebody may have taken the port meanwhile.
      if (options.port !== undefined || starts >= startsMax) throw error;
    }
  }
}

async function startOn(python: string, port: number, options: EmulatorOptions): Promise<Emulator> {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-aws-'));
  const endpoint = `http://127.0.0.1:${port}`;
  const env = { ...environment(folder, port), ...extrasOf(options) };
  let running = await run(python, folder, env, endpoint).catch((error: unknown) => {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  return {
    place: {
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
    folder,
    async restart() {
      await running.shutDown();
      running = await run(python, folder, env, endpoint);
    },
    async stop() {
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function extrasOf({
  enforcesRights,
  keeps,
  functionsEndpoint,
}: EmulatorOptions): NodeJS.ProcessEnv {
  return {
    ...(enforcesRights === true && { AUTH: 'true' }),
    ...(keeps === true && { PERSIST_STATE: '1', S3_PERSIST: '1' }),
    ...(functionsEndpoint !== undefined && { AWS_ENDPOINT_URL: functionsEndpoint }),
  };
}

interface Running {
  /** Lets it write down what it has. */
  shutDown(): Promise<void>;
  stop(): Promise<void>;
}

async function run(
  python: string,
  folder: string,
  env: NodeJS.ProcessEnv,
  endpoint: string,
): Promise<Running> {
  const child = spawn(python, ['-c', program], {
    cwd: folder,
    env,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  child.stdin.on('error', () => {});
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await gone;
  };
  const shutDown = async (): Promise<void> => {
    child.kill('SIGTERM');
    await gone;
    killGroup(child.pid);
  };
  try {
    await ready(endpoint, child);
  } catch (error) {
    await stop();
    throw new Error(`the emulator did not start: ${said || String(error)}`, { cause: error });
  }
  return { shutDown, stop };
}

/** Its functions, which are processes of its group, do not end with it by themselves. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // None was left.
  }
}

/** Nothing of the caller's environment that could lead to a real account; this project's Node for functions. */
function environment(folder: string, port: number): NodeJS.ProcessEnv {
  const { PATH = '', LANG = 'C.UTF-8' } = process.env;
  return {
    PATH: [binFolder, PATH].join(delimiter),
    LANG,
    HOME: folder,
    TMPDIR: folder,
    GATEWAY_PORT: String(port),
    BIND_HOST: '127.0.0.1',
    LOG_LEVEL: 'ERROR',
    S3_DATA_DIR: join(folder, 's3'),
    STATE_DIR: join(folder, 'state'),
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
  };
}

async function ready(endpoint: string, child: ChildProcess): Promise<void> {
  for (const end = Date.now() + readyMsMax; Date.now() < end; ) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
    const answer = await fetch(`${endpoint}/_ministack/health`).catch(() => undefined);
    if (answer?.ok) return void (await answer.arrayBuffer());
    await sleep(lookMs);
  }
  throw new Error(`it was not ready after ${readyMsMax} ms`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
