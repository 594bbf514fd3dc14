import { metricsNamespace } from './metric-names.ts';

/** What is counted that AWS does not count itself; it has how long functions work, and how far the feed lags. */
export type MetricName =
  | 'RunsStarted'
  | 'RunsSucceeded'
  | 'RunsFailed'
  | 'RunsCancelled'
  | 'AttemptsSucceeded'
  | 'AttemptsFailed'
  | 'AttemptsCancelled'
  | 'AttemptsReleased'
  | 'AttemptsLost'
  /** Runs of which something could not be decided. */
  | 'RunsStuck'
  /** What a sweep mended: expected is none. */
  | 'Repairs'
  | 'DeadLetters';

/**
 * Counts, and says so in CloudWatch's embedded metric format, which makes metrics of what a function logs. A metric is
 * paid for in the hours in which it has a value, so what is zero is left out. What comes twice is counted twice.
 */
export class Metrics {
  readonly #deployment: string;
  readonly #now: () => number;
  readonly #write: (line: string) => void;
  readonly #counts = new Map<MetricName, number>();

  constructor(deployment: string, now: () => number, write: (line: string) => void) {
    this.#deployment = deployment;
    this.#now = now;
    this.#write = write;
  }

  count(name: MetricName, more = 1): void {
    if (more > 0) this.#counts.set(name, (this.#counts.get(name) ?? 0) + more);
  }

  /** One line with all that was counted since the last one; none if that is nothing. */
  flush(): void {
    if (this.#counts.size === 0) return;
    const Metrics = [...this.#counts.keys()].map((Name) => ({ Name, Unit: 'Count' }));
    const directive = { Namespace: metricsNamespace, Dimensions: [['Deployment']], Metrics };
    this.#write(
      JSON.stringify({
        _aws: { Timestamp: this.#now(), CloudWatchMetrics: [directive] },
        Deployment: this.#deployment,
        ...Object.fromEntries(this.#counts),
      }),
    );
    this.#counts.clear();
  }
}
