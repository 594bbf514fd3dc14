/** The audit: what callers changed, appended only. */
import type { PageOf } from '../contract/api.ts';
import type { AuditEntry, AuditVerdict } from '../contract/audit.ts';
import { allShards } from '../engine/items.ts';
import type { Noted } from './audit-chain.ts';
import { createLane, type Lane } from './audit-lane.ts';
import type { AccessPorts, Place } from './items.ts';

export interface Audit {
  /** Answered means kept. */
  note(noted: Noted): Promise<void>;
  /** Newest first within a lane; `after`: the `next` of the page before. */
  list(query: { readonly after?: string; readonly limit: number }): Promise<PageOf<AuditEntry>>;
  /** Reads all of it. */
  verify(): Promise<AuditVerdict>;
}

export function createAudit(ports: AccessPorts, place: Place): Audit {
  const lanes = allShards(place).map((name) => createLane(ports, place, name));
  let turn = 0;
  return {
    async note(noted) {
      turn = (turn + 1) % lanes.length;
      await lanes[turn]?.note(noted);
    },
    async list({ after, limit }) {
      const items: AuditEntry[] = [];
      for (const { lane, below } of lanesFrom(lanes, after)) {
        if (items.length > limit) break;
        items.push(...(await lane.newest(limit + 1 - items.length, below)));
      }
      const page = items.slice(0, limit);
      const last = items.length > limit ? page.at(-1) : undefined;
      return { items: page, next: last === undefined ? null : `${last.lane}.${last.number}` };
    },
    async verify() {
      const checked = await Promise.all(lanes.map((lane) => lane.check()));
      return {
        entries: checked.reduce((sum, { entries }) => sum + entries, 0),
        heads: checked.map(({ head }, index) => ({ lane: lanes[index]?.name ?? '', ...head })),
        wrong: checked.flatMap(({ wrong }) => wrong ?? []),
      };
    },
  };
}

interface Whence {
  readonly lane: Lane;
  readonly below?: number;
}

/** Lanes from the one on that the page before ended in, and from where in it. */
function lanesFrom(lanes: readonly Lane[], after: string | undefined): readonly Whence[] {
  const [name, number] = (after ?? '').split('.');
  const first = lanes.findIndex((lane) => lane.name === name);
  if (first === -1) return after === undefined ? lanes.map((lane) => ({ lane })) : [];
  const below = Number(number);
  return lanes.slice(first).map((lane, index) => (index === 0 ? { lane, below } : { lane }));
}
