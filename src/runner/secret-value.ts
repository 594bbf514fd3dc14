import { secretNameOf } from '../contract/secrets.ts';
import type { Secrets } from '../ports/secrets.ts';
import { secretLengthMin } from './hidden.ts';

/** Why a secret cannot be given to who names it. Never holds a part of it. */
export class SecretRefusal extends Error {}

/** What a reference stands for: a secret, or with `#` one field of a secret that is JSON. */
export async function secretValue(secrets: Secrets, reference: string): Promise<string> {
  const { name, field } = secretNameOf(reference);
  const whole = await secrets.read(name);
  if (whole === undefined) throw new SecretRefusal(`there is no secret ${name}`);
  const value = field === undefined ? whole : fieldOf(whole, name, field);
  if (value.includes('\0'))
    throw new SecretRefusal(`the secret ${reference} holds the character U+0000`);
  if (value.length >= secretLengthMin) return value;
  throw new SecretRefusal(
    `the secret ${reference} has fewer than ${secretLengthMin} characters: so short a text cannot be kept out of logs`,
  );
}

function fieldOf(whole: string, name: string, field: string): string {
  const fields = asMap(whole);
  if (fields === undefined)
    throw new SecretRefusal(`the secret ${name} is no JSON map, so it has no field ${field}`);
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (value === undefined) throw new SecretRefusal(`the secret ${name} has no field ${field}`);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function asMap(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
