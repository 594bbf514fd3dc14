/** Who looks, and what they may. A cookie that no script can read says it to the server. */
import { signal } from '@preact/signals';
import type { CallerView } from '../../src/contract/access.ts';
import { isAtLeast, type Role } from '../../src/contract/role.ts';

export const signedOut = 'signed-out';
/** A server that knows no accounts lets everybody in. */
const open = 'open';

export const known = signal<CallerView | typeof signedOut | typeof open | undefined>(undefined);

export function may(role: Role): boolean {
  const caller = known.value;
  if (caller === undefined || caller === signedOut) return false;
  return caller === open || caller.kind === 'open' || isAtLeast(caller.role, role);
}

/** Undefined: nobody has to sign in, so nobody can sign out. */
export const callerName = (): string | undefined =>
  typeof known.value === 'object' && known.value.kind !== 'open' ? known.value.name : undefined;

export async function look(): Promise<void> {
  const answer = await fetch('/v1/me');
  if (answer.ok) known.value = (await answer.json()) as CallerView;
  else known.value = answer.status === 401 ? signedOut : open;
}

/** Undefined: it went well; else why not. */
export async function signIn(name: string, password: string): Promise<string | undefined> {
  const answer = await fetch('/v1/sessions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password, cookie: true }),
  });
  if (answer.ok) {
    await look();
    return undefined;
  }
  const { detail } = (await answer.json()) as { readonly detail?: string };
  return detail ?? `the server answered ${answer.status}`;
}

export async function signOut(): Promise<void> {
  await fetch('/v1/sessions/current', { method: 'DELETE' });
  known.value = signedOut;
}
