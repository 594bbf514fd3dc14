/** Holds the folder until it is killed. */
import { writeSync } from 'node:fs';
import { openStore } from '../../../src/adapters/embedded/store.ts';
import { systemClock } from '../../../src/adapters/system.ts';

const store = openStore(process.argv[2] as string, { clock: systemClock, feedPrefixes: [] });
await store.table.put({ partition: 'p', sort: 'held', version: 1, data: {} }, 'any');
writeSync(1, 'held\n');
setInterval(() => {}, 1000);
