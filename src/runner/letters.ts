import type { Held, Letter } from './held.ts';

export interface SortedLetters {
  /** A saved heartbeat answers for all that is open of them: nobody needs them any more. */
  readonly answered: readonly Letter[];
  /** To be kept from others for longer. */
  readonly needed: readonly Letter[];
}

/**
 * What a heartbeat that lists `listed` means for the messages at hand. Needed is still one with an attempt that was taken
 * since, or waits for room, or is not claimed yet, which may turn out to be another's.
 */
export function sortLetters(
  listed: readonly Held[],
  held: readonly Held[],
  waiting: readonly Letter[],
): SortedLetters {
  const known = new Set(listed);
  const needed = new Set(waiting);
  for (const one of held) if (!known.has(one) || !one.granted) needed.add(one.letter);
  const answered = new Set<Letter>();
  for (const { letter } of listed) if (!needed.has(letter)) answered.add(letter);
  const here = ({ removed, stays }: Letter): boolean => !removed && !stays;
  return { answered: [...answered].filter(here), needed: [...needed].filter(here) };
}

export const receiptsOf = (letters: readonly { readonly receipt: string }[]): string[] =>
  letters.map(({ receipt }) => receipt);
