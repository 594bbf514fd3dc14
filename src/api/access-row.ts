/** What routes of sign-in, accounts and keys share. */
import type * as z from 'zod';
import type { Access } from '../access/access.ts';
import { Problem } from '../contract/problem.ts';
import { given, NoParams } from './queries.ts';
import { type Call, type Route, route } from './route.ts';

/** Where a gateway knows the callers there are no accounts here. */
export function accessOf({ access }: Pick<Call, 'access'>): Access {
  if (access !== undefined) return access;
  throw new Problem('route-unknown', 'this server has no accounts: whoever reaches it may call');
}

/** Of the caller; the owner of the data folder has none. */
export function ownAccount({ caller }: Call): string {
  if (caller.kind === 'account' || caller.kind === 'key') return caller.name;
  throw new Problem('account-unknown', `${caller.name} has no account`);
}

type Row = Pick<Route, 'op' | 'right' | 'method' | 'path' | 'summary' | 'answer'> & {
  readonly status?: number;
  readonly body?: readonly [name: string, schema: z.ZodType, optional?: boolean];
  readonly handle: (call: Call) => Promise<Response>;
};

/** A row without parameters but those of its path. */
export const row = ({ status = 200, body, ...rest }: Row): Route =>
  route<z.infer<typeof NoParams>>({
    ...rest,
    status,
    query: NoParams,
    ...(body && {
      body: { kind: 'json', ...given({ name: body[0], schema: body[1], optional: body[2] }) },
    }),
    handle: rest.handle as never,
  });
