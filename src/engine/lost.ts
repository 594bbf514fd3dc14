import type { Put } from '../ports/table.ts';
import { asData, lostSort, runPartition } from './items.ts';
import type { EngineSettings } from './settings.ts';

export interface AttemptName {
  readonly run: string;
  readonly task: number;
  readonly attempt: number;
}

/** The same for the same attempt, and for no other. */
export const keyOfAttempt = ({ run, task, attempt }: AttemptName): string =>
  `${run}#${task}#${attempt}`;

/** The happening that an attempt's runner is gone; the same for everybody who finds it. */
export function lostPut(
  settings: EngineSettings,
  one: AttemptName,
  at: number,
  reason: string,
): Put {
  const { task, attempt } = one;
  return {
    item: {
      partition: runPartition(settings.namespace, one.run),
      sort: lostSort(task, attempt),
      version: 1,
      data: asData({ task, attempt, at, reason }),
    },
    condition: 'absent',
  };
}
