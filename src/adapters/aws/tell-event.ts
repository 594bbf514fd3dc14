import type { Patience } from './insist.ts';
import { callJson, type JsonService } from './json-call.ts';
import type { Known } from './signed-call.ts';

const eventBridge: JsonService = { name: 'events', host: 'events', target: 'AWSEvents' };

/** What rules of the account's own event bus can be for. */
export interface ToldEvent {
  readonly type: string;
  readonly detail: object;
}

/** Tells the account's default event bus of something, as source `fanfold`. Told is told: at least once. */
export async function tellEvent(
  client: Known,
  patience: Patience,
  { type, detail }: ToldEvent,
): Promise<void> {
  const entry = { Source: 'fanfold', DetailType: type, Detail: JSON.stringify(detail) };
  const what = `tell the event bus: ${type}`;
  const { FailedEntryCount = 0, Entries } = await callJson<{
    readonly FailedEntryCount?: number;
    readonly Entries?: readonly { readonly ErrorMessage?: string }[];
  }>(client, patience, eventBridge, 'PutEvents', { Entries: [entry] }, what);
  if (FailedEntryCount > 0) throw new Error(`cannot ${what}: ${Entries?.[0]?.ErrorMessage ?? ''}`);
}
