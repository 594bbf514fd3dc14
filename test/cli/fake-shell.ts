import { runCli } from '../../cli/program.ts';
import type { EmbeddedOptions, Output, Shell, Signal } from '../../cli/shell.ts';
import type { Fanfold, LogLine } from '../../src/client/fanfold.ts';
import type { HttpCall } from '../../src/client/http.ts';
import type { RunEvent, RunView } from '../../src/contract/api.ts';
import { Problem } from '../../src/contract/problem.ts';
import { noCounts, noSchedules, RUN, summary, view } from '../api/fake-engine.ts';

export { noCounts, RUN, summary, view };
export const NOW = 1_700_000_010_000;

const captured = (isTTY: boolean, columns: number) => {
  const parts: string[] = [];
  const output: Output = { write: (text) => void parts.push(text), isTTY, columns, rows: 24 };
  return { output, text: () => parts.join('') };
};

export interface FakeShellOptions {
  readonly fanfold?: Partial<Fanfold>;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly columns?: number;
  readonly isTTY?: boolean;
  /** Urls at which a server answers. */
  readonly alive?: readonly string[];
  readonly processes?: readonly number[];
  readonly stderr?: Output;
  readonly stdin?: readonly string[];
  readonly answer?: (call: HttpCall) => unknown;
}

/** A shell in which time flies: sleeping takes no time, and moves the clock. */
export function fakeShell(options: FakeShellOptions = {}) {
  const { columns = 80, isTTY = false, alive = [] } = options;
  const stdout = captured(isTTY, columns);
  const stderr = captured(isTTY, columns);
  const notes: string[] = [];
  const sent: Uint8Array[] = [];
  const listeners = new Set<(signal: Signal) => void>();
  const started: EmbeddedOptions[] = [];
  const left: number[] = [];
  const calls: HttpCall[] = [];
  let now = NOW;
  const fanfold = fakeFanfold(options.fanfold);
  const shell: Shell = {
    stdout: stdout.output,
    stderr: options.stderr ?? stderr.output,
    env: options.env ?? {},
    cwd: options.cwd ?? '/nowhere',
    lines: async function* () {
      yield* options.stdin ?? [];
    },
    secret: async () => options.stdin?.[0] ?? '',
    now: () => now,
    sleep: async (ms) => {
      now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
    onSignal: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    isProcess: (pid) => options.processes?.includes(pid) === true,
    connect: (url) => {
      notes.push(`connect ${url}`);
      return {
        ...fanfold,
        url,
        isAlive: async () => alive.includes(url),
        call: async (call) => {
          calls.push(call);
          return options.answer?.(call);
        },
        sendCode: async (bytes) => {
          sent.push(bytes);
          return { blob: 'f'.repeat(64), size: bytes.length };
        },
      };
    },
    startEmbedded: async (given) => {
      started.push(given);
      notes.push('start');
      return {
        engine: {
          ...fanfold,
          putCode: async (blob, bytes) => {
            sent.push(bytes);
            return { blob, size: bytes.length };
          },
        },
        url: given.port === null ? undefined : 'http://127.0.0.1:7420',
        slots: given.slots ?? 4,
        link: () => 'http://127.0.0.1:7420/open?link=once',
        close: async () => void notes.push('close'),
      };
    },
    leave: (code) => void left.push(code),
  };
  return {
    shell,
    notes,
    /** Archives of code that were sent. */
    sent,
    started,
    left,
    /** Calls of the API beside those of runs. */
    calls,
    out: stdout.text,
    err: stderr.text,
    signal: (signal: Signal) => {
      for (const listener of listeners) listener(signal);
    },
    run: (...argv: string[]) => runCli(argv, shell),
  };
}

export function fakeFanfold(over: Partial<Fanfold> = {}): Fanfold {
  const none = async (): Promise<never> => {
    throw new Problem('run-unknown', 'no such run');
  };
  return {
    submit: async () => ({ run: summary(), created: true }),
    submitMany: async () => ({ ids: [RUN] }),
    pushPackage: async (name, { blob, size }) => ({
      name,
      digest: blob,
      size,
      pushedAt: 0,
      isNew: true,
    }),
    packages: async () => ({ items: [], next: null }),
    package: none,
    runners: async () => [],
    runs: async () => ({ items: [summary()], next: null }),
    run: none,
    graph: none,
    states: none,
    end: async () => summary(),
    tasks: async () => ({ items: [], next: null }),
    task: none,
    artifacts: async () => ({ items: [], next: null }),
    artifact: none,
    events: async () => ({ items: [], next: null }),
    logs: async () => ({ lines: [], next: 'end' }),
    control: async () => summary(),
    schedules: noSchedules,
    ...over,
  };
}

/** Answers one value a call, the last one for ever. */
export function oneByOne<T>(values: readonly T[]): () => Promise<T> {
  let at = 0;
  return async () => values[Math.min(at++, values.length - 1)] as T;
}

export const ended = (
  state: RunView['state'] = 'succeeded',
  over: Partial<RunView> = {},
): RunView =>
  view({
    state,
    endedAt: NOW,
    counts: { ...noCounts, [state === 'failed' ? 'failed' : 'succeeded']: 2 },
    ...over,
  });

export const event = (
  id: string,
  name: RunEvent['event'],
  task?: string,
  over: Partial<RunEvent> = {},
): RunEvent => ({
  id,
  at: 1_700_000_000_000,
  event: name,
  ...(task !== undefined && { task, attempt: 1 }),
  ...over,
});

export const line = (text: string, over: Partial<LogLine> = {}): LogLine => ({
  run: RUN,
  task: 'a',
  attempt: 1,
  at: 0,
  stream: 'stdout',
  text,
  ...over,
});
