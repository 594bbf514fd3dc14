import type { Context } from './context.ts';

/** What the parser found: positional arguments, and options by their names in camel case. */
export type Arguments = readonly (string | string[] | undefined)[];
export type Options = Readonly<Record<string, unknown>>;

/** A command's act; gives the exit code. Refusals are thrown as `Problem`. */
export type Act = (context: Context, args: Arguments, options: Options) => Promise<number>;

export const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;
export const number = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined;
export const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.map(String) : [];
/** An argument that the parser has made sure of. */
export const required = (args: Arguments, index: number): string => String(args[index]);

/** `{ [name]: value }`, or nothing when there is no value. */
export const optional = <Name extends string, T>(name: Name, value: T | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { readonly [key in Name]?: T };
