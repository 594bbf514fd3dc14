import { InvalidArgumentError } from 'commander';
import { readUserRange, type UserRange } from '../src/contract/user-range.ts';

/** Reads a whole number of a command line. */
export const whole =
  (min: number, max: number) =>
  (value: string): number => {
    const n = Number(value);
    if (/^\d+$/.test(value) && n >= min && n <= max) return n;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };

/** Reads an option that is a range of task users. */
export const userRange = (value: string): UserRange => {
  try {
    return readUserRange(value);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
};
