/** A thread that reads one large submit: parses, checks and compiles it. */
import { parentPort } from 'node:worker_threads';
import { parseJson } from '../api/body.ts';
import { parseSubmit } from '../api/submit-body.ts';
import { Problem } from '../contract/problem.ts';
import type { Run, Task } from '../contract/workflow.ts';
import { compile } from '../core/dag.ts';
import { invariant } from '../core/invariant.ts';
import { acceptWorkflow } from '../definition/accept.ts';
import { memoryOf, nextPart, type SentTask, type SubmitPart } from './submit-parts.ts';

const tasksPerPart = 2_000;

let parts: Generator<SubmitPart> | undefined;

parentPort?.on('message', (message: Uint8Array | typeof nextPart) => {
  if (message !== nextPart) parts = partsOf(message);
  const part = parts?.next().value as SubmitPart | undefined;
  if (part === undefined) return;
  const memory = part.kind === 'rest' ? [...memoryOf(part), ...memoryOf(part.dag)] : [];
  parentPort?.postMessage(part, memory);
});

function* partsOf(bytes: Uint8Array): Generator<SubmitPart> {
  try {
    yield* readParts(bytes);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { code, message, details } = error;
    yield { kind: 'problem', code, message, details };
  }
}

function* readParts(bytes: Uint8Array): Generator<SubmitPart> {
  const { workflow: given, ...request } = parseSubmit(parseJson(bytes));
  const { workflow, text, hash } = acceptWorkflow(given);
  const compiled = compile(workflow.tasks);
  invariant(compiled.kind === 'dag', 'a checked workflow compiles');
  const { tasks, ...head } = workflow;
  yield* taskParts(tasks);
  const { tasks: numbered, ...dag } = compiled.dag;
  yield {
    kind: 'rest',
    request,
    workflow: head,
    text: new TextEncoder().encode(text),
    hash,
    dag,
    places: placesOf(tasks, numbered),
  };
}

function* taskParts(tasks: readonly Task[]): Generator<SubmitPart> {
  const known = new Map<Run, number>();
  for (let from = 0; from < tasks.length; from += tasksPerPart) {
    const runs: Run[] = [];
    const sent = tasks.slice(from, from + tasksPerPart).map((task): SentTask => {
      let run = known.get(task.run);
      if (run === undefined) {
        run = known.size;
        known.set(task.run, run);
        runs.push(task.run);
      }
      return { ...task, run };
    });
    yield { kind: 'tasks', runs, tasks: sent };
  }
}

function placesOf(tasks: readonly Task[], numbered: readonly Task[]): Int32Array {
  const places = new Map(tasks.map((task, place) => [task, place]));
  return Int32Array.from(numbered, (task) => places.get(task) as number);
}
