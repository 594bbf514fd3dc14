import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { LogRoom } from '../../../src/adapters/embedded/log-room.ts';
import { checkLog } from '../../../src/adapters/embedded/write-ahead-log.ts';
import { freshFolder, open } from './kit.ts';

const folder = freshFolder();
afterEach(() => folder.remove());

test('the log is longer than what it holds, and what it holds is found', async () => {
  const file = join(folder.path, 'fanfold.sqlite');
  const store = open(folder.path);
  for (let n = 0; n < 40; n++)
    await store.table.put({ partition: 'p', sort: `${n}`, version: 1, data: { n } }, 'absent');
  await sleep(50);
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(1024 * 1024);
  expect(checkLog(file)).toBeUndefined();
  expect((await store.table.query({ partition: 'p' })).items).toHaveLength(40);
  await store.close();
  const again = open(folder.path);
  expect(again.damaged()).toEqual([]);
  expect((await again.table.query({ partition: 'p' })).items).toHaveLength(40);
  await again.close();
});

test('where there is no log, none is made', () => {
  const room = new LogRoom(join(folder.path, 'nothing'));
  room.make(10);
  expect(existsSync(join(folder.path, 'nothing-wal'))).toBe(false);
  room.close();
});
