import type { ExecutorEvents, OnceAnswer, SpawnRequest } from '../contract/execution.ts';
import type { Json } from '../contract/json.ts';
import type { Attempt } from './attempt.ts';
import { cleanLine } from './launcher-lines.mjs';
import type { LogPump } from './log-pump.ts';
import type { Outbox } from './outbox.ts';

/** What task code may say while it runs: the same words on a program's control channel and from a warm process. */
export interface ControlMessage {
  readonly beat?: unknown;
  readonly step?: unknown;
  readonly progress?: unknown;
  readonly spawn?: unknown;
  readonly log?: unknown;
  readonly once?: unknown;
  readonly ask?: unknown;
}

const NOTE_MAX = 1000;

/** Takes in what task code said. What is of no known form is ignored. */
export class Control {
  #outbox: Outbox;
  #logs: LogPump;
  #asked: ExecutorEvents['asked'];

  constructor(outbox: Outbox, logs: LogPump, asked?: ExecutorEvents['asked']) {
    this.#outbox = outbox;
    this.#logs = logs;
    this.#asked = asked;
  }

  take(attempt: Attempt, at: number, message: unknown): void {
    if (typeof message !== 'object' || message === null) return;
    const said = message as ControlMessage;
    if ('beat' in said || 'step' in said || 'progress' in said) this.#beat(attempt.root, at, said);
    if ('spawn' in said) this.#spawn(attempt.root, said.spawn);
    if ('once' in said) void this.#once(attempt, said);
    if (typeof said.log === 'string') this.#log(attempt, at, said.log);
  }

  /** Answers whoever gave a number to answer under. */
  async #once(attempt: Attempt, { once, ask }: ControlMessage): Promise<void> {
    if (!Number.isSafeInteger(ask)) return;
    const answer = await this.#answerTo(attempt, once).catch((error) => ({ error: String(error) }));
    attempt.host?.answer?.(attempt, ask as number, answer);
  }

  async #answerTo(attempt: Attempt, once: unknown): Promise<OnceAnswer> {
    const { key, value } = (once ?? {}) as Record<string, Json | undefined>;
    if (typeof key !== 'string') return { error: 'once: the key is missing, or no text' };
    if (this.#asked === undefined) return { error: 'this runner remembers nothing' };
    const asked = value === undefined ? { key } : { key, value };
    return this.#asked(attempt.root.execution.key, asked);
  }

  #log(attempt: Attempt, at: number, text: string): void {
    for (const line of text.split('\n')) {
      this.#logs.addLimited(attempt, at, 'stdout', cleanLine(line));
    }
  }

  #beat(root: Attempt, at: number, said: ControlMessage): void {
    root.pulse ??= { at, toldAt: 0 };
    const { pulse } = root;
    pulse.at = at;
    if (typeof said.step === 'string' && said.step.slice(0, NOTE_MAX) !== pulse.step) {
      pulse.step = said.step.slice(0, NOTE_MAX);
      pulse.stepAt = at;
    }
    if (typeof said.progress === 'number' && said.progress >= 0) {
      pulse.progress = Math.min(1, said.progress);
    }
    this.#outbox.beat(root);
  }

  #spawn(root: Attempt, asked: unknown): void {
    if (typeof asked !== 'object' || asked === null || Array.isArray(asked)) return;
    const { key, run, with: input, detached } = asked as Record<string, Json>;
    const request: { -readonly [K in keyof SpawnRequest]: SpawnRequest[K] } = {
      key: key === undefined || key === null ? String(root.spawnCount) : String(key),
    };
    root.spawnCount += 1;
    if (run !== undefined && run !== null)
      request.run = run as unknown as NonNullable<SpawnRequest['run']>;
    if (input !== undefined) request.with = input;
    if (detached === true) request.detached = true;
    root.spawns ??= [];
    root.spawns.push(request);
    this.#outbox.spawned(root);
  }
}
