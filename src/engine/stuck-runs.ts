import { keepLast } from './keep-last.ts';

/** A run of which something could not be decided, for a reason that trying again will not mend. */
export interface Stuck {
  readonly run: string;
  readonly error: unknown;
}

/** What this process knows of runs that can't go on. */
export interface StuckRuns {
  /** Those of them that are news. */
  note(found: readonly Stuck[]): readonly Stuck[];
  /** A visit found nothing wrong with the run any more. */
  forget(run: string): void;
  /** Why a run can't go on; undefined when nothing is known against it. */
  why(run: string): string | undefined;
}

const runsKept = 10_000;

export function createStuckRuns(): StuckRuns {
  const reasons = new Map<string, string>();
  return {
    note(found) {
      const news = found.filter(({ run, error }) => {
        const reason = reasonOf(error);
        if (reasons.get(run) === reason) return false;
        reasons.set(run, reason);
        return true;
      });
      keepLast(reasons, runsKept);
      return news;
    },
    forget: (run) => void reasons.delete(run),
    why: (run) => reasons.get(run),
  };
}

export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
