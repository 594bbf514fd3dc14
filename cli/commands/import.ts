import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Problem } from '../../src/contract/problem.ts';
import type { Workflow } from '../../src/contract/workflow.ts';
import { type Act, number, required, text } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { count } from '../render/text.ts';

interface Imported {
  readonly workflow: Workflow;
  readonly criticalPathSeconds: number;
  readonly totalSeconds: number;
}

/** Makes a workflow of sleeps from a recorded one. */
export const act: Act = async (context, args, options) => {
  const format = required(args, 0);
  if (format !== 'wfcommons') {
    throw new Problem('input-invalid', `${format} cannot be imported; expected wfcommons`);
  }
  const path = context.path(required(args, 1));
  const place = '../../src/definition/wfcommons.ts';
  const { importWfcommons } = await import(place);
  const imported: Imported = importWfcommons(readMaybeGzipped(path), number(options.scale) ?? 1);
  const { workflow, ...facts } = imported;
  const out = text(options.out);
  const edges = workflow.tasks.reduce((sum, task) => sum + (task.needs?.length ?? 0), 0);
  if (out !== undefined) write(context.path(out), workflow);
  context.sayJson({
    tasks: workflow.tasks.length,
    edges,
    ...facts,
    ...(out === undefined && { workflow }),
  });
  if (out === undefined) context.say(JSON.stringify(workflow));
  context.note(`${count(workflow.tasks.length, 'task')}, ${count(edges, 'edge')}`);
  return exitCodes.succeeded;
};

function write(path: string, workflow: Workflow): void {
  try {
    writeFileSync(path, `${JSON.stringify(workflow)}\n`);
  } catch (error) {
    throw new Problem('file-unreadable', `cannot write ${path}: ${(error as Error).message}`);
  }
}

/** Told by its first two bytes, not by its name. */
function readMaybeGzipped(path: string): string {
  try {
    const bytes = readFileSync(path);
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return (isGzip ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (error) {
    throw new Problem('file-unreadable', `cannot read ${path}: ${(error as Error).message}`);
  }
}
