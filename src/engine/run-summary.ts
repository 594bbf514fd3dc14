import type { RunSummary } from '../contract/api.ts';
import type { Meta } from './items.ts';

export function summaryOf(meta: Meta, tasks: number = tasksOf(meta)): RunSummary {
  return {
    id: meta.id,
    workflow: meta.workflow,
    hash: meta.hash,
    state: meta.state,
    generation: meta.generation,
    createdAt: meta.createdAt,
    ...(meta.endedAt !== undefined && { endedAt: meta.endedAt }),
    ...(meta.reason !== undefined && { reason: meta.reason }),
    tags: meta.tags ?? [],
    tasks,
    ...(meta.archived !== undefined && { archived: true }),
  };
}

/** Also sub-tasks, as far as META itself tells of them. */
const tasksOf = (meta: Meta): number =>
  (meta.segments ?? []).reduce((sum, [, count]) => sum + count, meta.tasks);
