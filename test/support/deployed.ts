import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { localFetch } from '../../cli/local-fetch.ts';
import { type AwsClients, awsClients } from '../../src/adapters/aws/clients.ts';
import { Client } from '../../src/client/client.ts';
import { signedFetch } from '../../src/client/signed-fetch.ts';
import {
  type Emulator,
  type EmulatorOptions,
  startEmulator,
} from '../../tools/aws-local/emulator.ts';
import type { Wire } from './wire.ts';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);
export const account = '000000000000';
export const DEPLOY_MS = 900_000;

/** The stacks on an emulated AWS, put there by the CDK's own command line, as a user does. */
export interface Deployed {
  readonly emulator: Emulator;
  readonly url: string;
  /** Signs as a user's command line does. */
  readonly client: Client;
  readonly clients: AwsClients;
  /** Kills the processes of a function, by a part of its name. Returns how many there were. */
  kill(name: string): number;
  close(): Promise<void>;
}

/** `wire`: stands between the functions and the emulator. `settings`: instead of those of `cdk.json`. */
export async function deployed(
  options: Pick<EmulatorOptions, 'keeps'> & {
    readonly wire?: Wire;
    readonly settings?: object;
  } = {},
): Promise<Deployed> {
  const { wire, settings, ...others } = options;
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-deploy-'));
  const emulator = await startEmulator({
    ...others,
    ...(wire && { functionsEndpoint: wire.endpoint }),
  });
  wire?.lead(emulator.place.endpoint);
  const clients = awsClients(emulator.place);
  const close = async (): Promise<void> => {
    clients.close();
    await emulator.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const outputs = join(folder, 'outputs.json');
  const context =
    settings === undefined ? [] : ['--context', `fanfold=${JSON.stringify(settings)}`];
  const always = ['--all', '--require-approval', 'never', '--outputs-file', outputs];
  const deploy = ['deploy', ...always, ...context];
  try {
    await cdk(emulator, folder, 'bootstrap', `aws://${account}/us-east-1`, ...context);
    await cdk(emulator, folder, ...deploy);
    const url = JSON.parse(readFileSync(outputs, 'utf8'))['fanfold-control'].ApiUrl as string;
    const client = clientOf(url, emulator);
    return {
      emulator,
      url,
      client,
      clients,
      kill: (name) => killFunction(emulator, name),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A function's process runs the emulator's file in a folder of its own; what it has started it ends itself. */
function killFunction({ folder }: Emulator, name: string): number {
  const pids = readdirSync('/proc').filter((pid) => {
    const command = /^\d+$/.test(pid) ? commandOf(pid) : '';
    const [, file = ''] = command.split('\0');
    return (
      file.startsWith(`${folder}/ministack-lambda-`) &&
      /\/_worker\.\w+$/.test(file) &&
      file.includes(name)
    );
  });
  for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
  return pids.length;
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

export function clientOf(url: string, { place }: Emulator): Client {
  const keys = place.credentials ?? { accessKeyId: '', secretAccessKey: '' };
  return new Client({ url, fetch: signedFetch(url, place.region, async () => keys, localFetch) });
}

/** The CDK's own command line, as a user runs it, towards the emulator. */
export async function cdk({ place }: Emulator, folder: string, ...args: string[]): Promise<void> {
  const bin = join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    CI: 'true',
    AWS_ENDPOINT_URL: place.endpoint,
    AWS_ENDPOINT_URL_S3: place.endpoint,
    AWS_S3_FORCE_PATH_STYLE: 'true',
    AWS_ACCESS_KEY_ID: place.credentials?.accessKeyId,
    AWS_SECRET_ACCESS_KEY: place.credentials?.secretAccessKey,
    AWS_REGION: place.region,
    CDK_DEFAULT_ACCOUNT: account,
    CDK_DEFAULT_REGION: place.region,
  };
  await run(process.execPath, [bin, ...args, '--output', join(folder, 'out'), '--no-notices'], {
    cwd: root,
    env,
  });
}
