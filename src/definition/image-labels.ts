import {
  type ImageTypes,
  labelBytesMax,
  labelPrefix,
  taskLabel,
  taskTypesMax,
} from '../contract/image.ts';
import { Problem, type ProblemDetail } from '../contract/problem.ts';
import { namePattern, type Task } from '../contract/workflow.ts';
import { listed } from './fields.ts';
import { printDetail } from './mistakes.ts';
import { compileTree } from './parse.ts';
import { type PoolFacts, whyNot } from './placing.ts';
import { badName } from './read-run.ts';
import { parseText } from './text.ts';
import { type Entry, isMap, type MapNode, type Node, quoted } from './tree.ts';

export type Labels = Readonly<Record<string, string>>;

/** What is for the workflow to say that a task type is used in, or for the image by what it is. */
const othersToSay = new Set([
  'when',
  'with',
  'each',
  'image',
  'may-fail',
  'secrets',
  'pool',
  'code',
  'dependencies',
  'install-timeout',
]);

/**
 * Reads the task types that an image has by its labels: `dev.fanfold.task.NAME`, whose value is a task as authors write it.
 * Whatever of ours is not understood rejects the image, with all reasons.
 *
 * @param facts What a runner of the pool has: a task type that asks for more would never run.
 */
export function readImageLabels(labels: Labels, pool: string, facts?: PoolFacts): ImageTypes {
  const ours = Object.entries(labels)
    // An image can take a label of the one below it only by making it empty.
    .filter(([label, text]) => label.startsWith(labelPrefix) && text !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const reader = new LabelReader();
  const entries = ours.flatMap(([label, text]) => reader.entry(label, text) ?? []);
  if (ours.length > taskTypesMax) reader.wrong(`more than ${taskTypesMax} task types`);
  if (ours.reduce((sum, [, text]) => sum + text.length, 0) > labelBytesMax)
    reader.wrong(`its labels are longer than ${labelBytesMax} characters together`);
  const types = reader.mistakes.length === 0 && entries.length > 0 ? reader.compile(entries) : [];
  for (const task of facts === undefined ? [] : types)
    for (const why of whyNot(task, pool, facts)) reader.wrong(`${taskLabel}${task.id}: ${why}`);
  return reader.mistakes.length > 0 ? { why: reader.mistakes.join('\n') } : { types };
}

class LabelReader {
  readonly mistakes: string[] = [];

  wrong(message: string): undefined {
    this.mistakes.push(message);
    return undefined;
  }

  /** A task type, as an entry of a workflow's tasks. */
  entry(label: string, text: string): Entry | undefined {
    if (!label.startsWith(taskLabel))
      return this.wrong(`${label}: there is no such label, only ${taskLabel}NAME`);
    const name = label.slice(taskLabel.length);
    if (!namePattern.test(name)) return this.wrong(`${label}: ${badName(name)}`);
    return this.#told(label, () => {
      const { root } = parseText(text, undefined);
      if (isMap(root)) this.#refuseOthers(label, root);
      return { key: name, at: -1, value: root };
    });
  }

  #refuseOthers(label: string, { entries }: MapNode): void {
    const found = entries.filter(({ key }) => othersToSay.has(key)).map(({ key }) => quoted(key));
    if (found.length > 0) this.wrong(`${label}: ${listed(found)} cannot be said by a label`);
  }

  /** Together, so that each need is there and none leads in a circle. */
  compile(entries: readonly Entry[]): readonly Task[] {
    const tasks: Node = { kind: 'map', at: -1, entries };
    const name: Node = { kind: 'value', at: -1, value: 'image' };
    const parts = [
      { key: 'name', at: -1, value: name },
      { key: 'tasks', at: -1, value: tasks },
    ];
    const tree: MapNode = { kind: 'map', at: -1, entries: parts };
    return this.#told('', () => compileTree(tree, {}).tasks) ?? [];
  }

  #told<T>(label: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      for (const detail of error.details) this.wrong(ofLabel(label, detail));
      return undefined;
    }
  }
}

/** A place in the workflow that labels make together is one in a label. */
function ofLabel(label: string, detail: ProblemDetail): string {
  const { pointer = '', message } = detail;
  const [, name, rest = ''] = /^\/tasks\/([^/]+)(.*)$/.exec(pointer) ?? [];
  if (label !== '') return `${label}: ${printDetail(detail)}`;
  return name === undefined ? message : `${taskLabel}${name}: ${rest}${rest && ' '}${message}`;
}
