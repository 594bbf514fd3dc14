/** Fanfold under measurement: in this process over a data folder, or as a server of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from '../../src/client/client.ts';
import type { RunsFilter } from '../../src/client/fanfold.ts';
import { ownHeaders } from '../../src/client/server-token.ts';
import type {
  RunSummary,
  SubmitManyRequest,
  SubmitRequest,
  TaskView,
} from '../../src/contract/api.ts';
import { startEmbedded } from '../../src/embedded/index.ts';

export interface UnderTest {
  submit(request: SubmitRequest): Promise<{ readonly run: RunSummary }>;
  submitMany(request: SubmitManyRequest): Promise<{ readonly ids: readonly string[] }>;
  end(id: string, waitMs: number): Promise<RunSummary>;
  task(id: string, task: string): Promise<TaskView>;
  runs(filter: RunsFilter): Promise<{ items: readonly RunSummary[] }>;
  close(): Promise<void>;
}

export async function inProcess(
  dataFolder: string,
  options: { readonly slots?: number; readonly decided?: boolean },
): Promise<UnderTest> {
  const { slots, decided } = options;
  const { engine, close } = await startEmbedded({
    dataFolder,
    port: null,
    ...(slots !== undefined && { slots }),
    ...(decided && { settings: { followMax: 0 } }),
  });
  return { ...engine, close };
}

const bin = join(import.meta.dirname, '..', '..', 'cli', 'bin.mjs');

export interface Served {
  readonly client: Client;
  readonly pid: number;
  /** From the start of its process to its first answer. */
  readonly readySeconds: number;
  stop(): Promise<void>;
}

/** The server as users start it. */
export async function serve(dataFolder: string): Promise<Served> {
  const begin = performance.now();
  const args = [bin, 'serve', '--json', '--data', dataFolder, '--port', '0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const { url } = JSON.parse(await firstLine(child)) as { url: string };
  const client = new Client({ url, headers: ownHeaders(url) });
  await client.isAlive();
  const readySeconds = (performance.now() - begin) / 1000;
  return { client, pid: child.pid as number, readySeconds, stop: () => stop(child) };
}

export async function overHttp(dataFolder: string): Promise<UnderTest> {
  const { client, stop } = await serve(dataFolder);
  return {
    submit: (request) => client.submit(request),
    submitMany: (request) => client.submitMany(request),
    end: (id, waitMs) => client.end(id, waitMs),
    task: (id, task) => client.task(id, task),
    runs: (filter) => client.runs(filter),
    close: stop,
  };
}

function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('the server has no stdout');
  const lines = createInterface({ input: stdout });
  return new Promise((resolve, reject) => {
    lines.once('line', resolve);
    lines.once('close', () => reject(new Error('the server said nothing')));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exited;
}
