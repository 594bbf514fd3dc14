import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { SubmitRequest } from '../contract/api.ts';
import { Problem } from '../contract/problem.ts';
import type { Run, Task, Workflow } from '../contract/workflow.ts';
import { acceptWorkflow } from '../definition/accept.ts';
import type { Canonical } from '../engine/submit.ts';
import { memoryOf, nextPart, type SubmitPart } from './submit-parts.ts';

/** Large submits, read in a thread of their own, so that the server answers others meanwhile. */
export interface SubmitThread {
  /** The submit that a body holds, checked and compiled. One at a time: each takes much memory. */
  read(body: Uint8Array): Promise<SubmitRequest>;
  /** As `acceptWorkflow`; what was read here is not checked again. */
  readonly canonical: Canonical;
}

export function createSubmitThread(): SubmitThread {
  const known = new WeakMap<Workflow, ReturnType<Canonical>>();
  let last: Promise<unknown> = Promise.resolve();
  return {
    read(body) {
      const mine = last.then(async () => {
        const { request, canonical } = await readInThread(body);
        known.set(canonical.workflow, canonical);
        return { ...request, workflow: canonical.workflow };
      });
      last = mine.catch(() => undefined);
      return mine;
    },
    canonical: (workflow) => known.get(workflow) ?? acceptWorkflow(workflow),
  };
}

/** In the sources, or beside a bundle. */
function workerFile(): string {
  const source = join(import.meta.dirname, 'submit-worker.ts');
  return existsSync(source) ? source : join(import.meta.dirname, 'submit-worker.mjs');
}

interface Read {
  readonly request: Omit<SubmitRequest, 'workflow'>;
  readonly canonical: ReturnType<Canonical>;
}

async function readInThread(body: Uint8Array): Promise<Read> {
  const worker = new Worker(workerFile());
  const tasks: Task[] = [];
  const runs: Run[] = [];
  try {
    for (let message: Uint8Array | typeof nextPart = body; ; message = nextPart) {
      const part = await answerTo(worker, message);
      if (part.kind === 'problem') throw new Problem(part.code, part.message, part.details);
      if (part.kind === 'rest') return await assemble(part, tasks);
      runs.push(...part.runs);
      for (const { run, ...task } of part.tasks) tasks.push({ ...task, run: runs[run] as Run });
      await turn();
    }
  } finally {
    await worker.terminate();
  }
}

const tasksPerTurn = 50_000;

async function assemble(
  { request, text, hash, places, ...part }: Extract<SubmitPart, { kind: 'rest' }>,
  tasks: Task[],
): Promise<Read> {
  const workflow = { ...part.workflow, tasks };
  const numbered: Task[] = [];
  for (const [n, place] of places.entries()) {
    numbered.push(tasks[place] as Task);
    if (n % tasksPerTurn === 0) await turn();
  }
  const dag = { ...part.dag, tasks: numbered };
  return { request, canonical: { workflow, text, hash, dag } };
}

function answerTo(worker: Worker, message: Uint8Array | typeof nextPart): Promise<SubmitPart> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void =>
      reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch() : error);
    worker.once('error', onError);
    worker.once('message', (part: SubmitPart) => {
      worker.off('error', onError);
      resolve(part);
    });
    worker.postMessage(message, message === nextPart ? [] : memoryOf(message));
  });
}

const tooMuch = (): Problem =>
  new Problem('body-too-large', 'there is not enough memory to read this workflow; split it');
