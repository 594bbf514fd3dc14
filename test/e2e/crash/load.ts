/** Clients that submit without pause, whether a server is there or not. */
import { ulid } from 'ulid';
import type { Client } from '../../../src/client/client.ts';
import { inputOf, type Kind } from './kinds.ts';
import type { Entry, Ledger } from './ledger.ts';

export interface LoadOptions {
  readonly kinds: readonly Kind[];
  readonly ledger: Ledger;
  readonly random: () => number;
  /** The server of the moment; undefined while there is none. */
  readonly client: () => Client | undefined;
  readonly pauseMs: number;
  /** Of so many single runs one is cancelled. */
  readonly cancelEvery: number;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function drawKind(kinds: readonly Kind[], random: () => number): number {
  const weights = kinds.map(({ every }) => 1 / every);
  let left = random() * weights.reduce((a, b) => a + b, 0);
  for (const [i, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return i;
  }
  return 0;
}

/** Submits until told to stop. What was not answered stays `asked`: it may have been accepted or not. */
export async function load(options: LoadOptions, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const client = options.client();
    if (client !== undefined) await submitSome(options, client).catch(() => undefined);
    await sleep(options.random() * options.pauseMs * 2);
  }
}

async function submitSome(options: LoadOptions, client: Client): Promise<void> {
  const { kinds, ledger, random } = options;
  const kind = drawKind(kinds, random);
  const { workflow, many } = kinds[kind] as Kind;
  const asked = Array.from({ length: many }, (): Entry => {
    return { id: ulid(), kind, n: Math.floor(random() * 1000), word: 'asked' };
  });
  ledger.write(asked);
  const [first] = asked as [Entry];
  if (many === 1) await client.submit({ id: first.id, workflow, input: inputOf(first.n) });
  else
    await client.submitMany({
      workflow,
      runs: asked.map(({ id, n }) => ({ id, input: inputOf(n) })),
    });
  ledger.write(asked.map((entry) => ({ ...entry, word: 'accepted' })));
  if (many > 1 || random() * options.cancelEvery > 1) return;
  await sleep(random() * 200);
  ledger.write([{ ...first, word: 'cancelling' }]);
  const run = await client.control(first.id, { action: 'cancel' });
  if (run.state === 'cancelled' || run.state === 'cancelling')
    ledger.write([{ ...first, word: 'cancelled' }]);
}
