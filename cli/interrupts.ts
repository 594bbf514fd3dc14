import type { Shell, Signal } from './shell.ts';

export interface Interrupts {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** 128 and the signal's number, when there was one. */
  code(): number | undefined;
  off(): void;
}

const numbers: Readonly<Record<Signal, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 };

/** Hears of Ctrl-C and its kin: `first` at the first one; the second one ends the process at once. */
export function hearInterrupts(shell: Shell, first: (signal: Signal) => void): Interrupts {
  const controller = new AbortController();
  let code: number | undefined;
  const off = shell.onSignal((signal) => {
    if (code !== undefined) return shell.leave(code);
    code = 128 + numbers[signal];
    first(signal);
    controller.abort();
  });
  return { signal: controller.signal, code: () => code, off };
}
