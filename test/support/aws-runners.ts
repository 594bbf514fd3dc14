/** Runners as ECS would have them: as many processes of the container's entry point as a service's desired count says. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { runnerUser } from './unreadable-node.ts';

export interface RunnersOptions {
  readonly desired: () => Promise<number>;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: (index: number) => NodeJS.ProcessEnv;
}

export interface Runners {
  /** How each that ended did. */
  readonly exits: readonly (number | string | null)[];
  /** The most that there were. */
  readonly peak: () => number;
  readonly running: () => number;
  /** What they said, for a test that fails. */
  readonly said: () => string;
  stop(): Promise<void>;
}

const lookMs = 200;

export function startRunners({ desired, program, args, env }: RunnersOptions): Runners {
  const living = new Set<ChildProcess>();
  const ending = new Set<ChildProcess>();
  const exits: (number | string | null)[] = [];
  let [count, peak, said, stopping] = [0, 0, '', false];
  const begin = (): void => {
    const child = spawn(program, args, { env: env(count++), stdio: 'pipe', ...runnerUser });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        said = (said + text).slice(-20_000);
      });
    living.add(child);
    child.once('exit', (code, signal) => {
      living.delete(child);
      ending.delete(child);
      exits.push(code ?? signal);
    });
  };
  const size = (wanted: number): void => {
    while (living.size < wanted) begin();
    for (const child of [...living].slice(wanted)) {
      if (ending.has(child)) continue;
      ending.add(child);
      child.kill('SIGTERM');
    }
    peak = Math.max(peak, living.size);
  };
  const loop = async (): Promise<void> => {
    while (!stopping) {
      size(await desired().catch(() => living.size));
      await sleep(lookMs);
    }
  };
  const done = loop();
  return {
    exits,
    peak: () => peak,
    running: () => living.size,
    said: () => said,
    async stop() {
      stopping = true;
      await done;
      for (const child of living) child.kill('SIGKILL');
    },
  };
}
