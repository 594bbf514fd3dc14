import { signal } from '@preact/signals';
import { Client } from '../../src/client/client.ts';
import { known, signedOut } from './caller.ts';

/** Says so when who calls is known no more. */
const watched: typeof fetch = async (...asked) => {
  const answer = await fetch(...asked);
  if (answer.status === 401) known.value = signedOut;
  return answer;
};

export const server = new Client({ url: location.origin, fetch: watched });

export interface Notice {
  readonly text: string;
  readonly isBad: boolean;
}

/** What the person was told last; gone after a while. */
export const notice = signal<Notice | undefined>(undefined);

const NOTICE_MS = 6_000;
let timer: ReturnType<typeof setTimeout> | undefined;

export function tell(text: string, isBad = false): void {
  clearTimeout(timer);
  notice.value = { text, isBad };
  timer = setTimeout(() => {
    notice.value = undefined;
  }, NOTICE_MS);
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** Does what a button is for, and says how it went. */
export async function act(work: () => Promise<unknown>, done: string): Promise<boolean> {
  try {
    await work();
    tell(done);
    return true;
  } catch (error) {
    tell(messageOf(error), true);
    return false;
  }
}
