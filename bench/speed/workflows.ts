import type { Task, Workflow } from '../../src/contract/workflow.ts';

export const code = { folder: import.meta.dirname };

export type Body = 'nothing' | 'large' | 'now';

export const call = (name: Body): Task['run'] => ({
  kind: 'function',
  language: 'node',
  path: 'functions.mjs',
  name,
});
export const program: Task['run'] = { kind: 'command', argv: ['/bin/true'] };

const name = (n: number): string => `t${String(n).padStart(7, '0')}`;
const kilobyte = { value: 'x'.repeat(1010) };

export interface Shape {
  readonly run: Task['run'];
  /** Each task has an input of 1 KB of its own. */
  readonly large?: boolean;
}

const taskOf = (n: number, { run, large }: Shape, needs: string[] = []): Task => ({
  id: name(n),
  ...(needs.length > 0 && { needs }),
  run,
  ...(large && { with: { ...kilobyte, n } }),
});

/** Tasks that need nothing. */
export const independent = (n: number, shape: Shape): Workflow => ({
  name: 'independent',
  tasks: Array.from({ length: n }, (_, i) => taskOf(i, shape)),
});

/** 1 → n → 1. */
export const fan = (n: number, shape: Shape): Workflow => {
  const children = Array.from({ length: n }, (_, i) => taskOf(i + 1, shape, [name(0)]));
  const sink = taskOf(
    n + 1,
    shape,
    children.map(({ id }) => id),
  );
  return { name: 'fan', tasks: [taskOf(0, shape), ...children, sink] };
};

/** Each needs the one before. */
export const chain = (length: number, shape: Shape): Workflow => ({
  name: 'chain',
  tasks: Array.from({ length }, (_, i) => taskOf(i, shape, i === 0 ? [] : [name(i - 1)])),
});

export const taskName = name;
