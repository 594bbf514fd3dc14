/** Where the tasks of a graph are drawn: level by level from left to right, neighbours of neighbours close together. */
import type { RunGraph } from '../../src/contract/api.ts';

export interface Layout {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly level: Int32Array;
  readonly width: number;
  readonly height: number;
  readonly edges: number;
}

export const node = { width: 176, height: 36, gapX: 72, gapY: 14, gapColumn: 16 } as const;

/** So many tasks above each other before a level goes on beside; more where that makes the whole less long. */
const rowsMin = 14;
const rowsForAll = (tasks: number): number => Math.ceil(Math.sqrt(2.4 * tasks));

export function layoutOf({ tasks }: RunGraph): Layout {
  const level = levelsOf({ tasks });
  const levels = membersOf(level);
  const order = new Float64Array(tasks.length);
  let edges = 0;
  for (const { needs } of tasks) edges += needs?.length ?? 0;
  for (const members of levels) arrange(members, tasks, order);
  const rows = Math.max(rowsMin, rowsForAll(tasks.length));
  return { level, edges, ...placed(levels, tasks.length, rows) };
}

function levelsOf({ tasks }: RunGraph): Int32Array {
  const level = new Int32Array(tasks.length);
  for (const [task, { needs = [] }] of tasks.entries())
    for (const need of needs)
      level[task] = Math.max(level[task] as number, (level[need] as number) + 1);
  return level;
}

function membersOf(level: Int32Array): number[][] {
  const levels: number[][] = [];
  for (const [task, at] of level.entries()) {
    levels[at] ??= [];
    levels[at]?.push(task);
  }
  return levels;
}

/** Sorts a level by the mean place of what its tasks need, which is known since they are in the levels before. */
function arrange(members: number[], tasks: RunGraph['tasks'], order: Float64Array): void {
  const mean = new Map<number, number>();
  for (const [place, task] of members.entries()) {
    const needs = tasks[task]?.needs ?? [];
    const sum = needs.reduce((all, need) => all + (order[need] as number), 0);
    mean.set(task, needs.length === 0 ? place / members.length : sum / needs.length);
  }
  members.sort((a, b) => (mean.get(a) as number) - (mean.get(b) as number) || a - b);
  for (const [place, task] of members.entries()) order[task] = (place + 0.5) / members.length;
}

function placed(levels: readonly number[][], size: number, rows: number) {
  const x = new Float64Array(size);
  const y = new Float64Array(size);
  const stepY = node.height + node.gapY;
  const height = Math.min(rows, Math.max(...levels.map(({ length }) => length), 1)) * stepY;
  let left = 0;
  for (const members of levels) {
    const columns = Math.ceil(members.length / rows);
    const perColumn = Math.ceil(members.length / columns);
    for (const [place, task] of members.entries()) {
      const column = Math.floor(place / perColumn);
      const inColumn = Math.min(perColumn, members.length - column * perColumn);
      x[task] = left + column * (node.width + node.gapColumn);
      y[task] = (height - inColumn * stepY) / 2 + (place % perColumn) * stepY;
    }
    left += columns * (node.width + node.gapColumn) - node.gapColumn + node.gapX;
  }
  return { x, y, width: Math.max(node.width, left - node.gapX), height };
}
