import { handleStreamBatch, type StreamRecord } from '../src/adapters/aws/stream-batch.ts';
import { createDecider } from '../src/engine/create-engine.ts';
import { fanOut } from '../src/engine/fan-out.ts';
import { feedPrefixes } from '../src/engine/items.ts';
import { deployment } from './shared/deployment.ts';
import { entry } from './shared/entry.ts';
import { logError, logStuck } from './shared/log.ts';

const { ports, settings } = deployment();
const { decider } = createDecider(ports, settings);

/** What happened to runs, from the table's stream: it is folded, and what becomes ready is sent. */
export const handler = entry(({ Records }: { readonly Records: readonly StreamRecord[] }) =>
  handleStreamBatch(
    Records,
    feedPrefixes,
    async (items) => logStuck(await fanOut(decider, items)),
    logError,
  ),
);
