import type { Clock } from '../ports/clock.ts';
import type { LogLine, LogSink, Stream } from '../ports/log-sink.ts';
import type { Attempt } from './attempt.ts';

/** Where lines come from, and which can be asked to wait until the sink has taken them. */
export interface LogSource {
  sunk(bytes: number): void;
}

const FLUSH_BYTES = 64_000;
const FLUSH_MS = 50;
/** What a line costs beside its text. */
const LINE_BYTES = 32;

/** Gathers lines for the log sink. A source learns when its lines are in the sink, or lost by it. */
export class LogPump {
  #sink: LogSink;
  #clock: Pick<Clock, 'now'>;
  #bytesMax: number;
  #lines: LogLine[] = [];
  #bytes = 0;
  #sources = new Map<LogSource, number>();
  #timer: NodeJS.Timeout | undefined;
  /** Resolves when all that was handed to the sink is in it, or lost by it. */
  #sinking: Promise<void> = Promise.resolve();

  constructor(sink: LogSink, clock: Pick<Clock, 'now'>, bytesMax: number) {
    this.#sink = sink;
    this.#clock = clock;
    this.#bytesMax = bytesMax;
  }

  /** Lines of a source that keeps its attempts' byte limit itself. */
  add(attempt: Attempt, at: number, stream: Stream, texts: readonly string[]): void {
    const { run, task, attempt: number } = attempt.execution;
    for (const text of texts) {
      this.#bytes += text.length + LINE_BYTES;
      this.#lines.push({ run, task, attempt: number, at, stream, text });
    }
    if (this.#bytes >= FLUSH_BYTES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  /** A line whose attempt's byte limit is kept here. */
  addLimited(attempt: Attempt, at: number, stream: Stream, text: string): void {
    const { root } = attempt;
    const before = root.logBytes;
    root.logBytes += text.length + LINE_BYTES;
    if (root.logBytes <= this.#bytesMax) {
      this.add(root, at, stream, [text]);
    } else if (before <= this.#bytesMax) {
      const full = `log is full at ${this.#bytesMax} bytes: further output is dropped`;
      this.add(root, this.#clock.now(), 'system', [full]);
    }
  }

  /** Bytes of which the source is told, by `sunk`, after the flush of what was added before. */
  owe(source: LogSource, bytes: number): void {
    this.#sources.set(source, (this.#sources.get(source) ?? 0) + bytes);
    if (this.#lines.length === 0) this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  /** Hands all lines to the sink. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines;
    const sources = this.#sources;
    if (lines.length === 0 && sources.size === 0) return;
    this.#lines = [];
    this.#bytes = 0;
    this.#sources = new Map();
    const sunk = () => {
      for (const [source, bytes] of sources) source.sunk(bytes);
    };
    this.#sinking = Promise.all([this.#sinking, this.#sink.append(lines).then(sunk, sunk)]).then(
      nothing,
    );
  }

  /** Resolves when all lines so far can be read from the sink, or are lost by it. */
  sink(): Promise<void> {
    this.flush();
    return this.#sinking;
  }
}

const nothing = (): void => undefined;
