import { type Signal, signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { messageOf } from './server.ts';

export interface Polled<T> {
  readonly value: Signal<T | undefined>;
  readonly problem: Signal<string | undefined>;
  renew(): Promise<void>;
}

/** Reads at once, and again every so often while one looks; never twice at a time. */
export function usePolled<T>(
  read: () => Promise<T>,
  ms: number,
  on: readonly unknown[],
): Polled<T> {
  const polled = useMemo(() => {
    const value = signal<T | undefined>(undefined);
    const problem = signal<string | undefined>(undefined);
    let busy = false;
    const renew = async (): Promise<void> => {
      if (busy) return;
      busy = true;
      try {
        value.value = await read();
        problem.value = undefined;
      } catch (error) {
        problem.value = messageOf(error);
      } finally {
        busy = false;
      }
    };
    return { value, problem, renew };
  }, on);
  useEffect(() => {
    void polled.renew();
    const timer = setInterval(() => {
      if (!document.hidden) void polled.renew();
    }, ms);
    return () => clearInterval(timer);
  }, [polled, ms]);
  return polled;
}
