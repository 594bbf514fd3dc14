import { Problem } from '../src/contract/problem.ts';
import { type Options, text } from './command.ts';

/** An option that is one of some words. */
export function oneOf<Word extends string>(
  name: string,
  options: Options,
  words: readonly Word[],
): Word | undefined {
  const given = text(options[name]);
  const word = words.find((one) => one === given);
  if (given === undefined || word !== undefined) return word;
  throw new Problem('input-invalid', `${given}: expected one of ${words.join(', ')}`);
}
