import { join } from 'node:path';
import type { ArtifactLimits } from '../contract/artifacts.ts';
import type { ExecutorEvents } from '../contract/execution.ts';
import type { Capacity } from '../contract/resources.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Clock } from '../ports/clock.ts';
import type { LogSink } from '../ports/log-sink.ts';
import { installEnvAllowed } from './dependencies/environment.ts';
import type { SharedInstallations } from './dependencies/installations.ts';
import type { ArtifactPorts } from './with-artifacts.ts';

export interface ExecutorOptions {
  /** How many programs and busy warm processes there may be at a time. Default: twice the cores, at least 4. */
  readonly slots?: number;
  /** What attempts may have together. Default: what this machine has. */
  readonly capacity?: Capacity;
  /** How many may be taken that have to wait for it, so that others are taken meanwhile. Default: none. */
  readonly waitersMax?: number;
  /** Where attempts' folders are made; this executor makes one of its own in it, and removes that when closed. */
  readonly workFolder: string;
  readonly logs: LogSink;
  /** Where code in archives is. */
  readonly blobs: Pick<Blobs, 'get'>;
  /** Where artifacts are kept. Default: nowhere. */
  readonly artifacts?: ArtifactPorts | undefined;
  readonly artifactLimits?: ArtifactLimits | undefined;
  /**
   * Where dependencies are installed, and kept; runners of one machine that name the same share it. Default: a folder of
   * its own in `workFolder`.
   */
  readonly dependenciesFolder?: string | undefined;
  /** Where runners elsewhere find what this one has installed, and it what they have. Default: nowhere. */
  readonly sharedInstallations?: SharedInstallations | undefined;
  readonly clock: Pick<Clock, 'now'>;
  readonly events: ExecutorEvents;
  /** The environment we run in. Task code sees only those of its variables that `envAllowed` names. */
  readonly hostEnv: Readonly<Record<string, string | undefined>>;
  readonly envAllowed?: readonly string[];
  /** Default: one for each core, at most 2. */
  readonly launchers?: number;
  /** Warm processes of one kind. Default: one for each slot, at most one for each core. */
  readonly warmProcesses?: number;
  /** After this time without work a process is ended. Default: 30 s. */
  readonly idleMs?: number;
  /** Bytes of log of one attempt. Default: 16 MB. */
  readonly logBytesMax?: number;
  /** Bytes of an output file. Default: 16 MB. */
  readonly outputBytesMax?: number;
  /** The folder that holds `launcher.mjs`, `node/harness.mjs` and `python/harness.py`. Default: where the sources are. */
  readonly harnessFolder?: string;
  /** Default: the Node that runs us. */
  readonly node?: string;
  /** Default: python3. */
  readonly python?: string;
}

/** What of our environment task code may see, where the options say nothing else. */
export const envAllowed = ['PATH', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ'] as const;

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The environment that every task's process begins with. */
export function baseEnv({ hostEnv, envAllowed: allowed = envAllowed }: ExecutorOptions) {
  return pick(hostEnv, allowed);
}

/** The environment of tools that install: also where their packages come from, and nothing of a task. */
export const installEnv = (options: ExecutorOptions): Record<string, string> => ({
  ...rustupHome(options.hostEnv),
  ...pick(options.hostEnv, installEnvAllowed),
  ...baseEnv(options),
});

/** Where Rust's own tools are, which look for themselves below a home that is not theirs here. */
const rustupHome = ({ HOME }: ExecutorOptions['hostEnv']): Record<string, string> =>
  HOME === undefined ? {} : { RUSTUP_HOME: join(HOME, '.rustup') };

function pick(hostEnv: ExecutorOptions['hostEnv'], names: readonly string[]) {
  const env: Record<string, string> = { PATH };
  for (const name of names) {
    const value = hostEnv[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
