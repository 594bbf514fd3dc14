import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { playRange, type RangeResult } from './batches.ts';

export interface Order {
  readonly mode: string;
  readonly from: number;
  readonly seeds: number;
}

/** One process: takes orders for ranges of seeds, and answers with what became of them. */
export function serveOrders(): void {
  // Ctrl-C is for the one who hands out: what is being played counts.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit());
  process.on('message', ({ mode, from, seeds }: Order) => {
    playRange(mode, from, seeds).then(
      (result) => process.send?.(result),
      () => process.exit(1),
    );
  });
}

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Plays all orders in some processes, and hands out each result as it comes; ends early when told to. */
export async function playOrders(
  orders: readonly Order[],
  jobs: number,
  onResult: (result: RangeResult, order: Order) => 'go on' | 'stop',
): Promise<void> {
  const left = [...orders];
  const work = async (): Promise<void> => {
    const worker = fork(main, ['--part', 'worker'], { execArgv: [] });
    try {
      for (let order = left.shift(); order; order = left.shift()) {
        const result = await ask(worker, order);
        if (onResult(result, order) === 'stop') left.length = 0;
      }
    } finally {
      worker.kill();
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

function ask(worker: ReturnType<typeof fork>, order: Order): Promise<RangeResult> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error(`a worker died at ${JSON.stringify(order)}`));
    worker.once('exit', onExit);
    worker.once('message', (result) => {
      worker.off('exit', onExit);
      resolve(result as RangeResult);
    });
    worker.send(order);
  });
}

/** Ranges of so many seeds, from `from` on. */
export const ordersOf = (mode: string, from: number, seeds: number, step: number): Order[] =>
  Array.from({ length: Math.ceil(seeds / step) }, (_, n) => ({
    mode,
    from: from + n * step,
    seeds: Math.min(step, seeds - n * step),
  }));
