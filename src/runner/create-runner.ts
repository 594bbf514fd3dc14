import { createInstalled } from '../engine/installed.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { Ports } from '../ports/ports.ts';
import { Agent } from './agent.ts';
import type { AgentOptions } from './agent-options.ts';
import { shareInstallations } from './dependencies/shared-installations.ts';
import { createExecutor } from './executor.ts';
import type { ExecutorOptions } from './options.ts';

/** What a runner of real processes is told; the rest follows from its ports. */
export interface RunnerOptions
  extends Omit<AgentOptions, 'id' | 'controlMs' | 'executor'>,
    Pick<ExecutorOptions, 'workFolder' | 'hostEnv' | 'capacity' | 'waitersMax'> {}

/** How often the runs of what is held are asked whether they were cancelled, where that is in memory. */
const controlMs = 1_000;

/** A runner: an agent with an executor in this process, under an id of its own. It begins with `start`. */
export function createRunner(
  ports: Ports,
  settings: EngineSettings,
  { workFolder, hostEnv, capacity, waitersMax, ...options }: RunnerOptions,
): Agent {
  const { logs, blobs, clock, ids } = ports;
  // In one process with everything else the blobs are on the same disk.
  const shared = settings.soleDecider
    ? undefined
    : shareInstallations({ installed: createInstalled(ports, settings), blobs });
  const { slots } = options;
  return new Agent(ports, settings, {
    ...options,
    id: ids.next(),
    // Elsewhere each look is a read for each run: a cancel reaches what runs with the next heartbeat.
    controlMs: settings.soleDecider ? controlMs : settings.heartbeatMs,
    executor: (events) =>
      createExecutor({
        artifacts: { blobs, clock },
        ...{ slots, workFolder, logs, blobs, clock, events, hostEnv },
        ...(shared && { sharedInstallations: shared }),
        ...(capacity && { capacity }),
        ...(waitersMax !== undefined && { waitersMax }),
      }),
  });
}
