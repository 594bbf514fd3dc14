import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Problem } from '../../src/contract/problem.ts';
import type { Workflow } from '../../src/contract/workflow.ts';
import { bounds, shape } from '../../src/definition/bounds.ts';
import { authorForm, printYaml } from '../../src/definition/print.ts';
import { importWfcommons } from '../../src/definition/wfcommons.ts';
import { whyUnreadable } from '../../src/definition/why-unreadable.ts';
import { type Act, number, required, text } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { count, duration } from '../render/text.ts';

/** Makes a workflow of sleeps from a recorded one. */
export const act: Act = async (context, args, options) => {
  const format = required(args, 0);
  if (format !== 'wfcommons') {
    throw new Problem('input-invalid', `${format} cannot be imported; expected wfcommons`);
  }
  const recorded = readJson(context.path(required(args, 1)));
  const workflow = importWfcommons(recorded, { scale: number(options.scale) ?? 1 });
  const out = text(options.out);
  const content = out?.endsWith('.json') === true ? printJson(workflow) : printYaml(workflow);
  if (out !== undefined) write(context.path(out), content);
  const { criticalPathSeconds, totalSeconds } = bounds(workflow, 1);
  const facts = {
    ...shape(workflow),
    criticalPathSeconds: milliseconds(criticalPathSeconds),
    totalSeconds: milliseconds(totalSeconds),
  };
  context.sayJson({
    ...facts,
    ...(out === undefined ? { workflow } : { file: context.path(out) }),
  });
  if (out === undefined) context.say(content.trimEnd());
  const { tasks, edges, levels, widest } = facts;
  context.note(
    `${count(tasks, 'task')}, ${count(edges, 'edge')}, ${count(levels, 'level')}, the widest of ${widest}`,
  );
  context.note(
    `critical path ${duration(criticalPathSeconds * 1000)}, in all ${duration(totalSeconds * 1000)}; ` +
      `with N at once no run ends before the longer of ${facts.criticalPathSeconds} s and ${facts.totalSeconds} s / N`,
  );
  return exitCodes.succeeded;
};

const milliseconds = (seconds: number): number => Math.round(seconds * 1000) / 1000;

const printJson = (workflow: Workflow): string =>
  `${JSON.stringify(authorForm(workflow), (_, value) => (value instanceof Map ? Object.fromEntries(value) : value))}\n`;

function write(path: string, content: string): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw new Problem('file-unreadable', `cannot write ${path}: ${(error as Error).message}`);
  }
}

/** Whether it is compressed is told by its first two bytes, not by its name. */
function readJson(path: string): unknown {
  try {
    const bytes = readFileSync(path);
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const text = (isGzip ? gunzipSync(bytes) : bytes).toString('utf8');
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new Problem('file-unreadable', `${path}: ${whyUnreadable(error as Error)}`);
  }
}
