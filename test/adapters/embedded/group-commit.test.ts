import type { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import type { Change } from '../../../src/adapters/embedded/change.ts';
import type { FeedFile } from '../../../src/adapters/embedded/feed-file.ts';
import { GroupCommit } from '../../../src/adapters/embedded/group-commit.ts';
import type { ItemFile } from '../../../src/adapters/embedded/item-file.ts';
import { Problem } from '../../../src/contract/problem.ts';
import { Unavailable } from '../../../src/ports/table.ts';

const sqliteError = (errcode: number, message: string): Error =>
  Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode, errstr: message });

const IO_ERROR_FSYNC = 1034;
const FULL = 13;

/** A database of which only the transactions are seen, and whose commits may fail. */
function rig(onCommit: (commit: number) => void = () => {}) {
  const log: string[] = [];
  const stops: Unavailable[] = [];
  let commits = 0;
  const db = {
    isTransaction: false,
    exec(sql: string) {
      const [word] = sql.split(' ');
      log.push(word as string);
      if (word === 'COMMIT') onCommit(++commits);
      db.isTransaction = word === 'BEGIN';
    },
  };
  const items = {
    remove(k: string) {
      log.push(k);
      if (k === 'bad') throw new Error('a bug');
      return { done: true };
    },
  };
  const feed = { write: () => [], committed: () => {}, rolledBack: () => {}, hasHandled: false };
  const group = new GroupCommit({
    db: db as unknown as DatabaseSync,
    file: 'the-file',
    items: items as unknown as ItemFile,
    feed: feed as unknown as FeedFile,
    onStop: (error) => stops.push(error),
    onCommit: () => {},
  });
  return { group, log, stops };
}

const change = (k: string): Change => ({ k, row: undefined, item: undefined, condition: 'any' });

test('all calls of one turn are one transaction, in their order', async () => {
  const { group, log } = rig();
  await Promise.all(['a', 'b', 'c'].map((k) => group.commit([change(k)])));
  expect(log).toEqual(['BEGIN', 'a', 'b', 'c', 'COMMIT']);
});

test('a call is answered only after its commit', async () => {
  let answered = false;
  const { group } = rig(() => expect(answered).toBe(false));
  await group.commit([change('a')]).then(() => {
    answered = true;
  });
  expect(answered).toBe(true);
});

test('a call that is too large for one transaction is answered once, in order', async () => {
  const { group, log } = rig();
  const many = Array.from({ length: 2500 }, (_, n) => change(`k${n}`));
  const [results] = await Promise.all([group.commit(many), group.commit([change('last')])]);
  expect(results).toHaveLength(2500);
  expect(log.filter((word) => word === 'COMMIT')).toHaveLength(3);
  const order = log.filter((word) => word !== 'BEGIN' && word !== 'COMMIT');
  expect(order).toEqual([...many.map(({ k }) => k), 'last']);
});

test('relaxed calls are answered at once, and durable with the next group', async () => {
  const { group, log } = rig();
  await group.commitEarly([change('r1')]);
  await group.commitEarly([change('r2')]);
  expect(log).toEqual(['BEGIN', 'r1', 'r2']);
  await group.commit([change('a')]);
  expect(log).toEqual(['BEGIN', 'r1', 'r2', 'a', 'COMMIT']);
});

test('a relaxed call is durable before long, also without a next group, and when the store closes', async () => {
  const { group, log } = rig();
  await group.commitEarly([change('r1')]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(log).toEqual(['BEGIN', 'r1', 'COMMIT']);
  await group.commitEarly([change('r2')]);
  await group.close();
  expect(log.slice(3)).toEqual(['BEGIN', 'r2', 'COMMIT']);
});

test('a group that fails takes no relaxed change with it', async () => {
  const { group, log } = rig();
  await group.commitEarly([change('r')]);
  await expect(group.commit([change('bad')])).rejects.toThrow('a bug');
  expect(log).toEqual(['BEGIN', 'r', 'bad', 'ROLLBACK', 'BEGIN', 'r']);
  await group.commit([change('a')]);
  expect(log.slice(6)).toEqual(['a', 'COMMIT']);
});

test('a relaxed call that fails harms none before it', async () => {
  const { group, log } = rig();
  await group.commitEarly([change('r')]);
  await expect(group.commitEarly([change('bad')])).rejects.toThrow('a bug');
  await group.commit([change('a')]);
  expect(log).toEqual(['BEGIN', 'r', 'bad', 'ROLLBACK', 'BEGIN', 'r', 'a', 'COMMIT']);
});

test('relaxed changes wait for room on the disk, and are read meanwhile', async () => {
  const { group, log, stops } = rig((commit) => {
    if (commit < 3) throw sqliteError(FULL, 'database or disk is full');
  });
  await group.commitEarly([change('r')]);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(stops).toEqual([]);
  const tries = ['BEGIN', 'r', 'COMMIT', 'ROLLBACK', 'BEGIN', 'r', 'COMMIT', 'ROLLBACK'];
  expect(log).toEqual([...tries, 'BEGIN', 'r', 'COMMIT']);
});

test('nothing comes after relaxed changes that can never be durable', async () => {
  const { group, stops } = rig(() => {
    throw sqliteError(IO_ERROR_FSYNC, 'disk I/O error');
  });
  await group.commitEarly([change('r')]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(stops).toHaveLength(1);
  await expect(group.commitEarly([change('r')])).rejects.toBeInstanceOf(Unavailable);
});

test('one that fails is tried alone, and the others of its group are done', async () => {
  const { group } = rig();
  const results = await Promise.allSettled(['a', 'bad', 'c'].map((k) => group.commit([change(k)])));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('a failed fsync stops the store: never asked again, one message to all, and to those to come', async () => {
  const { group, log, stops } = rig((commit) => {
    if (commit === 2) throw sqliteError(IO_ERROR_FSYNC, 'disk I/O error');
  });
  await group.commit([change('a')]);
  const failed = ['b', 'c'].map((k) => group.commit([change(k)]));
  const large = group.commit(Array.from({ length: 2000 }, () => change('d')));
  for (const call of [...failed, large]) await expect(call).rejects.toBeInstanceOf(Unavailable);
  await expect(group.commit([change('e')])).rejects.toThrow(
    /stopped: writing the-file failed.*check the disk/,
  );
  expect(log.filter((word) => word === 'COMMIT')).toHaveLength(2);
  expect(stops).toHaveLength(1);
  await group.close();
});

test('a full disk refuses the group that met it, and the next is tried again', async () => {
  const { group, stops } = rig((commit) => {
    if (commit === 1) throw sqliteError(FULL, 'database or disk is full');
  });
  const failed = ['a', 'b'].map((k) => group.commit([change(k)]));
  for (const call of failed) {
    const error = await call.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Problem);
    expect((error as Problem).code).toBe('disk-full');
  }
  expect(await group.commit([change('c')])).toEqual([{ done: true }]);
  expect(stops).toEqual([]);
});

test('what was asked for before close is committed', async () => {
  const { group } = rig();
  const call = group.commit([change('a')]);
  await group.close();
  expect(await call).toEqual([{ done: true }]);
  await expect(group.commit([change('b')])).rejects.toThrow('closed');
});
