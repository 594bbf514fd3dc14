import { InvalidArgumentError } from 'commander';

/** Reads a whole number of a command line. */
export const whole =
  (min: number, max: number) =>
  (value: string): number => {
    const n = Number(value);
    if (/^\d+$/.test(value) && n >= min && n <= max) return n;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
