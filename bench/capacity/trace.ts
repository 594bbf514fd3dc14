/** A pool's work as it came, or as it was generated. All times in seconds from the trace's beginning. */
export interface Trace {
  readonly name: string;
  /** Recorded: from a file. Tuning: generated, and looked at when the policy was made. Held out: generated, and not. */
  readonly set: 'recorded' | 'tuning' | 'held out';
  /** Runner-seconds are counted to here, or to the last task's end where that is later. */
  readonly endS: number;
  /** Waits of tasks that came before are not counted: the beginning of a recording is nobody's beginning. */
  readonly warmUpS: number;
  /** In order of arrival. */
  readonly tasks: readonly Work[];
  readonly known: readonly KnownWork[];
}

export interface Work {
  readonly atS: number;
  readonly serviceS: number;
}

/** What an engine knows ahead: the slot of a schedule, or a level whose predecessors run. */
export interface KnownWork {
  /** From when on it is known, and until when, which is when it came. */
  readonly fromS: number;
  readonly untilS: number;
  /** When it is expected, which for a level is not when it comes. */
  readonly atS: number;
  readonly tasks: number;
  readonly serviceS: number;
}

export const inOrder = (tasks: readonly Work[]): Work[] => [...tasks].sort((a, b) => a.atS - b.atS);
