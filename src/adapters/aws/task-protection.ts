import type { Clock } from '../../ports/clock.ts';

export interface ProtectionOptions {
  /** Of the container agent, which ECS tells by `ECS_AGENT_URI`. */
  readonly agentUri: string;
  readonly clock: Clock;
  /** Whether a runner has something that it would be a pity to begin anew. */
  readonly isBusy: () => boolean;
  readonly onTrouble: (error: unknown) => void;
}

const lookMs = 2_000;
/** So long a runner is idle before it may go: calls of ECS are few. */
const idleMs = 30_000;
/** For how long it is asked for, and how long before its end again. */
const minutes = 60;
const renewMs = 20 * 60_000;
const askMsMax = 5_000;

/** What was asked for last: until when, epoch ms; 0: no protection. */
export interface Protection {
  readonly until: number;
  readonly busyAt: number;
}

/** What to ask for now. Undefined: nothing new. */
export function nextProtection(
  { until, busyAt }: Protection,
  busy: boolean,
  now: number,
): 'protect' | 'release' | undefined {
  if (busy) return until - now < renewMs ? 'protect' : undefined;
  return until > 0 && now - busyAt >= idleMs ? 'release' : undefined;
}

/**
 * Keeps ECS from ending this runner while it is at work: when fewer are wanted, or newer ones, idle ones go first, and
 * others once they are done. Whoever cannot be protected works on, and begins anew elsewhere what is cut off.
 * Returns how to stop.
 */
export function protectTask(options: ProtectionOptions): () => Promise<void> {
  const { clock, isBusy, onTrouble } = options;
  const stopping = new AbortController();
  let last: Protection = { until: 0, busyAt: 0 };
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const [busy, now] = [isBusy(), clock.now()];
      if (busy) last = { ...last, busyAt: now };
      const next = nextProtection(last, busy, now);
      if (next !== undefined)
        await ask(options, next === 'protect').then(
          () => {
            last = { ...last, until: next === 'protect' ? now + minutes * 60_000 : 0 };
          },
          (error: unknown) => onTrouble(error),
        );
      await clock.sleep(lookMs, stopping.signal);
    }
  };
  const done = loop();
  return async () => {
    stopping.abort();
    await done;
  };
}

async function ask({ agentUri }: ProtectionOptions, protect: boolean): Promise<void> {
  const answer = await fetch(`${agentUri}/task-protection/v1/state`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ProtectionEnabled: protect,
      ...(protect && { ExpiresInMinutes: minutes }),
    }),
    signal: AbortSignal.timeout(askMsMax),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`ECS does not protect this runner: ${text.slice(0, 500)}`);
}
