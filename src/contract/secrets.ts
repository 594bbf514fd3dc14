/** Words of secrets: texts that tasks are given by name. */
import * as z from 'zod';
import { namePattern } from './name.ts';

const nameMax = 128;

export const SecretName = z
  .string()
  .regex(namePattern, 'a secret’s name has letters, digits, "_", "-" and ".", at most 128');

/** A name, or a name and a field of the JSON that it stands for: `database#password`. */
export const SecretReference = z
  .string()
  .max(2 * nameMax)
  .regex(
    new RegExp(`${namePattern.source.slice(0, -1)}(#[^#\\s]{1,${nameMax}})?$`),
    'expected the name of a secret, or name#field',
  );

export function secretNameOf(reference: string): { name: string; field?: string } {
  const at = reference.indexOf('#');
  return at < 0
    ? { name: reference }
    : { name: reference.slice(0, at), field: reference.slice(at + 1) };
}

const valueBytesMax = 64 * 1024;

export const SecretRequest = z.strictObject({
  value: z
    .string()
    .min(4, 'a secret has at least 4 characters: a shorter text cannot be kept out of logs')
    .max(valueBytesMax, 'a secret has at most 64 KB'),
});
export type SecretRequest = z.infer<typeof SecretRequest>;

/** What is told of a secret: never its value. */
export interface SecretView {
  readonly name: string;
  readonly updatedAt: number;
}
