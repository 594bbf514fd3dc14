import { type Access, createAccess } from '../../src/access/access.ts';
import type { AccessPorts } from '../../src/access/items.ts';
import { memoryTable } from '../../src/adapters/memory/table.ts';
import { TableStore } from '../../src/adapters/memory/table-store.ts';

export const OWNER_TOKEN = 'the-token-of-the-owner';
export const PASSWORD = 'violet tram under seven';

/** Tests sign in often; what a hash costs is a matter of its own. */
const passwordCost = { N: 16, r: 1, p: 1 };

export interface AccessHome {
  readonly access: Access;
  readonly ports: AccessPorts;
  /** Another server over the same table. */
  other(namespace?: string): Access;
  pass(ms: number): void;
}

/** Sign-in over a table in memory; its clock stands still until it is told to go on. */
export function openAccess(): AccessHome {
  let now = Date.parse('2026-11-21T12:00:00Z');
  const clock = { now: () => now, sleep: async () => undefined };
  const store = new TableStore({ now: () => now, after: (_, call) => void setImmediate(call) });
  const ports = { table: memoryTable(store), clock };
  const open = (namespace = 'main') =>
    createAccess(ports, { namespace, shards: 4 }, { ownerToken: OWNER_TOKEN, passwordCost });
  return {
    access: open(),
    ports,
    other: open,
    pass: (ms) => {
      now += ms;
    },
  };
}
