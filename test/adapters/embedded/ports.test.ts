import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBlobs } from '../../../src/adapters/embedded/blobs.ts';
import { openLogs } from '../../../src/adapters/embedded/logs.ts';
import { createQueue } from '../../../src/adapters/embedded/queue.ts';
import { testBlobs } from '../../ports/blobs.suite.ts';
import { testFeed } from '../../ports/feed.suite.ts';
import { testLogSink } from '../../ports/log-sink.suite.ts';
import { testQueue } from '../../ports/queue.suite.ts';
import { testTable } from '../../ports/table.suite.ts';
import { freshFolder, open } from './kit.ts';
import { ManualClock } from './manual-clock.ts';

function openSubject() {
  const folder = freshFolder();
  let store = open(folder.path);
  return {
    table: store.table,
    feed: store.feed,
    settle: async () => {},
    reopen: async () => {
      await store.close();
      store = open(folder.path);
      return store;
    },
    close: async () => {
      await store.close();
      folder.remove();
    },
  };
}

testTable('the embedded table', async () => {
  const subject = openSubject();
  return { ...subject, reopen: async () => (await subject.reopen()).table };
});

testFeed('the embedded feed', async () => openSubject());

testQueue('the embedded queue', async () => {
  const clock = new ManualClock();
  const queue = createQueue({ clock });
  return {
    queue,
    receivesMax: 10,
    wait: (ms) => clock.pass(ms),
    close: async () => queue.close(),
  };
});

testBlobs('the embedded blobs', async () => {
  const folder = freshFolder();
  return {
    blobs: openBlobs(folder.path),
    reopen: async () => openBlobs(folder.path),
    damage: async (hash) => {
      const file = join(folder.path, hash.slice(0, 2), hash.slice(2, 4), hash);
      const bytes = readFileSync(file);
      bytes.writeUInt8(bytes.readUInt8(100) ^ 4, 100);
      writeFileSync(file, bytes);
    },
    close: async () => folder.remove(),
  };
});

testLogSink('the embedded log sink', async () => {
  const folder = freshFolder();
  const logs = openLogs(folder.path);
  return {
    logs,
    settle: async () => {},
    close: async () => {
      await logs.close();
      folder.remove();
    },
  };
});
