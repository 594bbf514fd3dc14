export const streams = ['stdout', 'stderr', 'system'] as const;
export type Stream = (typeof streams)[number];

export interface LogLine {
  readonly run: string;
  readonly task: string;
  readonly attempt: number;
  /** Epoch ms. */
  readonly at: number;
  readonly stream: Stream;
  /** One line without its line end; at most 16 KB, what was longer is cut and says so; never control characters but tab. */
  readonly text: string;
}

export interface LogQuery {
  readonly run: string;
  readonly task?: string;
  readonly attempt?: number;
  /** The `next` of the page before: from there on, what came later too. */
  readonly after?: string;
  readonly limit?: number;
  /** Nothing was printed later, epoch ms: a sink that keeps many runs together need not look further. */
  readonly until?: number;
}

export interface LogPage {
  readonly lines: readonly LogLine[];
  /** Where the next page begins, also when this one is the last so far. */
  readonly next: string;
}

/** What tasks print. May lose the last moments at a crash; order holds within one attempt and stream. */
export interface LogSink {
  append(lines: readonly LogLine[]): Promise<void>;
  read(query: LogQuery): Promise<LogPage>;
}
