/** Runs a tool that installs: in a process group of its own, for a limited time, with the end of what it says kept. */
import { spawn } from 'node:child_process';
import { signal as kill } from '../launcher-proc.mjs';

export interface ToolRun {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** How it ended; `said` is the end of its output, errors and all. */
export type ToolEnd =
  | { readonly kind: 'done'; readonly said: string }
  | { readonly kind: 'failed'; readonly how: string; readonly said: string }
  | { readonly kind: 'missing' };

const SAID_MAX = 16_000;

export function runTool({ argv, cwd, env, limitMs, signal }: ToolRun): Promise<ToolEnd> {
  const [file = '', ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let why: string | undefined;
    const stop = (reason: string): void => {
      why ??= reason;
      if (child.pid !== undefined) kill(-child.pid, 'SIGKILL');
    };
    const onAbort = (): void => stop('was stopped with its runner');
    const timer = setTimeout(() => stop(`took longer than its limit of ${limitMs} ms`), limitMs);
    const end = (ended: ToolEnd): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(ended);
    };
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-SAID_MAX);
      });
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      end(
        error.code === 'ENOENT'
          ? { kind: 'missing' }
          : { kind: 'failed', how: error.message, said },
      );
    });
    // What it has left running holds its pipes open, and has no more business.
    child.once('exit', () => child.pid !== undefined && kill(-child.pid, 'SIGKILL'));
    child.once('close', (code, signalName) => {
      if (child.pid === undefined) return;
      const how = why ?? (code === null ? `was ended by ${signalName}` : `exit code ${code}`);
      end(code === 0 && why === undefined ? { kind: 'done', said } : { kind: 'failed', how, said });
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
