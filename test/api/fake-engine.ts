import { systemHost } from '../../src/adapters/memory/host.ts';
import { memoryTable } from '../../src/adapters/memory/table.ts';
import { TableStore } from '../../src/adapters/memory/table-store.ts';
import { systemClock } from '../../src/adapters/system.ts';
import type { RunEvent, RunSummary, RunView, TaskView } from '../../src/contract/api.ts';
import { Problem } from '../../src/contract/problem.ts';
import { taskStates } from '../../src/contract/state.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { createNamedTasks } from '../../src/engine/named-tasks.ts';
import { defaultSettings } from '../../src/engine/settings.ts';

export const RUN = '01JD8K7QZZZZZZZZZZZZZZZZZZ';
export const noCounts = Object.fromEntries(
  taskStates.map((state) => [state, 0]),
) as RunView['counts'];

export const summary = (over: Partial<RunSummary> = {}): RunSummary => ({
  id: RUN,
  workflow: 'hello',
  hash: '00',
  state: 'running',
  generation: 1,
  createdAt: 1_700_000_000_000,
  tags: [],
  tasks: 2,
  ...over,
});

export const view = (over: Partial<RunView> = {}): RunView => ({
  ...summary(),
  input: {},
  counts: noCounts,
  levels: [],
  running: [],
  failures: [],
  outputs: {},
  ...over,
});

export interface FakeEngine extends Engine {
  /** Each call's name and arguments. */
  readonly calls: [string, ...unknown[]][];
}

const scheduleUnknown = async (name: string): Promise<never> => {
  throw new Problem('schedule-unknown', `there is no schedule ${name}`);
};

/** An engine's schedules when there are none. */
export const noSchedules: Engine['schedules'] = {
  list: async () => ({ items: [], next: null }),
  show: scheduleUnknown,
  put: scheduleUnknown,
  pause: scheduleUnknown,
  resume: scheduleUnknown,
  run: scheduleUnknown,
  remove: async () => {},
  next: scheduleUnknown,
  backfills: {
    plan: scheduleUnknown,
    begin: scheduleUnknown,
    list: scheduleUnknown,
    show: scheduleUnknown,
    pause: scheduleUnknown,
    resume: scheduleUnknown,
    remove: async () => {},
  },
};

/** Named tasks over a table of their own. */
function noNamedTasks(): Engine['namedTasks'] {
  const store = new TableStore(systemHost);
  return createNamedTasks({ table: memoryTable(store), clock: systemClock }, defaultSettings);
}

/** An engine that notes its calls and answers them with little; `over` replaces what a test is about. */
export function fakeEngine(over: Partial<Engine> = {}): FakeEngine {
  const calls: [string, ...unknown[]][] = [];
  const known = (id: string): void => {
    if (id !== RUN) throw new Problem('run-unknown', `no run ${id}`);
  };
  const base: Engine = {
    submit: async (request) => ({ run: summary({ id: request.id ?? RUN }), created: true }),
    submitMany: async (request) => ({ ids: request.runs.map((run) => run.id ?? RUN) }),
    offerCode: async () => ({ there: false }),
    putCode: async (blob, bytes) => ({ blob, size: bytes.length }),
    pushPackage: async (name, { blob, size }) => ({
      name,
      digest: blob,
      size,
      pushedAt: 0,
      isNew: true,
    }),
    packages: async () => ({ items: [], next: null }),
    package: async (name) => ({ name, digest: '', size: 0, pushedAt: 0, versions: [] }),
    runners: async () => [],
    runs: async () => ({ items: [summary()], next: null }),
    run: async (id) => {
      known(id);
      return view();
    },
    end: async () => summary(),
    graph: async () => ({ tasks: [] }),
    states: async () => ({ state: 'running', generation: 1, states: '', subTasks: [] }),
    tasks: async () => ({ items: [], next: null }),
    task: async (_, id) => ({ id, state: 'running', attempt: 1, level: 0, needs: [] }) as TaskView,
    artifacts: async () => ({ items: [], next: null }),
    artifact: async (_, task, path) => {
      throw new Problem('artifact-unknown', `task ${task} has left no artifact ${path}`);
    },
    events: async () => ({ items: [] as RunEvent[], next: 'c0' }),
    logs: async () => ({ lines: [], next: 'l0' }),
    schedules: noSchedules,
    control: async (id) => {
      known(id);
      return summary();
    },
    namedTasks: noNamedTasks(),
    ...over,
  };
  const noted = Object.entries(base).map(([name, act]) => [
    name,
    typeof act !== 'function'
      ? act
      : async (...args: unknown[]) => {
          calls.push([name, ...args]);
          return (act as (...all: unknown[]) => unknown)(...args);
        },
  ]);
  return { ...(Object.fromEntries(noted) as Engine), calls };
}
