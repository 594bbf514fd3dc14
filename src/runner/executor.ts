import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Executor, ExecutorEvents } from '../contract/execution.ts';
import { CodeCache } from './code-cache.ts';
import { Dependencies } from './dependencies/dependencies.ts';
import { Installations } from './dependencies/installations.ts';
import { claimFolder } from './leftovers.ts';
import { LocalExecutor } from './local-executor.ts';
import { machineCapacity } from './machine-capacity.ts';
import { baseEnv, type ExecutorOptions, installEnv } from './options.ts';
import { interpretersOf } from './program-order.ts';
import type { Shared } from './shared.ts';
import { withArtifacts } from './with-artifacts.ts';
import { withCode } from './with-code.ts';
import { withResources } from './with-resources.ts';

export type { ExecutorOptions } from './options.ts';

/**
 * Runs attempts on this machine. Programs are started by launchers, functions are called in warm processes; this
 * process itself starts no task. Not a sandbox: task code runs as our user.
 *
 * `started` is told of attempts that run for longer than a moment (about 20 ms for calls), always before their end;
 * of shorter calls only the end is told. A `released` attempt has surely not begun, or was handed back in a drain.
 */
export function createExecutor(options: ExecutorOptions): Executor {
  const { events, workFolder } = options;
  const token = randomBytes(9).toString('hex');
  const folder = claimFolder(workFolder, token);
  const { artifacts: ports } = options;
  const placed = (told: ExecutorEvents) =>
    withPlacedCode({ ...options, events: told }, { token, folder });
  if (ports === undefined) return placed(events);
  return withArtifacts({
    ports,
    folder: join(folder, 'artifacts'),
    limits: options.artifactLimits,
    events,
    inner: placed,
  });
}

function withPlacedCode(
  options: ExecutorOptions,
  { token, folder }: Pick<Shared, 'token' | 'folder'>,
): Executor {
  const { blobs, clock, events, workFolder } = options;
  return withCode({
    cache: new CodeCache({ blobs, folder: join(folder, 'code') }),
    dependencies: new Dependencies({
      installations: new Installations({
        folder: options.dependenciesFolder ?? join(workFolder, 'dependencies'),
        clock,
        ...(options.sharedInstallations && { shared: options.sharedInstallations }),
      }),
      interpreters: interpretersOf(options.hostEnv.PATH, options),
      env: installEnv(options),
      token,
    }),
    env: baseEnv(options),
    clock,
    events,
    inner: (told) =>
      withResources({
        capacity: options.capacity ?? machineCapacity(workFolder),
        waitersMax: options.waitersMax ?? 0,
        clock,
        events: told,
        inner: (counted) => new LocalExecutor({ ...options, events: counted }, { token, folder }),
      }),
  });
}
