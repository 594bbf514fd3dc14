/** Tries a server's API with requests that are made from its own description, right ones and wrong ones. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '../../src/embedded/index.ts';
import { pythonWith } from '../python-environment.ts';

export interface Fuzzed {
  readonly code: number | null;
  readonly said: string;
  /** What the server held for an error of its own. */
  readonly troubles: readonly string[];
}

/**
 * A request may fit the description and be refused for what it means, as a cycle is: that is no finding. What takes
 * bytes that the tool cannot make is left out.
 */
const leftOut = ['positive_data_acceptance'];
const operationsLeftOut = ['putCode'];

/** `args`: passed on. The server runs no task. */
export async function fuzzApi(args: readonly string[]): Promise<Fuzzed> {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-fuzz-'));
  const troubles: string[] = [];
  const onTrouble = (trouble: string) => void troubles.push(trouble);
  const python = await pythonWith(
    'fuzz-api',
    join(import.meta.dirname, 'requirements.txt'),
    'schemathesis',
  );
  const server = await startEmbedded({
    dataFolder: join(folder, 'data'),
    port: 0,
    slots: 0,
    fsync: false,
    onTrouble,
  });
  try {
    const program = [
      '-m',
      'schemathesis.cli',
      '--no-color',
      'run',
      `${server.url}/v1/openapi.json`,
    ];
    const header = ['--header', `Authorization: Bearer ${server.token}`];
    const bounds = ['--exclude-checks', leftOut.join(','), '--generation-database', 'none'];
    // Longer than any wait that is granted.
    const patience = ['--request-timeout', '60'];
    const without = operationsLeftOut.flatMap((op) => ['--exclude-operation-id', op]);
    const all = [...program, ...header, ...bounds, ...patience, ...without, ...args];
    return { ...(await run(python, all, folder)), troubles };
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function run(program: string, args: readonly string[], cwd: string) {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  return new Promise<{ readonly code: number | null; readonly said: string }>((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, said }));
  });
}
