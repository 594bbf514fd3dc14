import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Folders } from '../contract/execution.ts';
import type { UserRange } from '../contract/user-range.ts';
import type { Attempt } from './attempt.ts';
import { lockNow } from './dependencies/machine-lock.ts';
import { killUsers } from './launcher-user.mjs';
import type { ExecutorOptions } from './options.ts';

/** The folders of an executor that users go through. Names in them they cannot read. */
const passages = ['artifacts', 'code'];

/**
 * Who attempts run as: each as somebody of its own, of whom nothing runs any more when the next one becomes it. One runner of
 * a machine holds a range.
 */
export class TaskUsers {
  readonly #range: UserRange;
  readonly #free: number[];
  readonly #unlock: () => void;

  /** Throws where we may not become somebody else, where another runner holds the users, or they cannot reach the folder. */
  constructor(range: UserRange, folder: string, beside: readonly string[]) {
    if (process.getuid?.() !== 0)
      throw new Error('task users are for runners that are root: without that, leave them out');
    const { first, count } = range;
    const unlock = lockNow(join('/tmp', `fanfold-task-users-${first}.lock`));
    if (unlock === undefined)
      throw new Error(`another runner on this machine has the task users from ${first} on`);
    this.#unlock = unlock;
    this.#range = range;
    this.#free = Array.from({ length: count }, (_, index) => first + index);
    killUsers(first, first + count - 1);
    for (const path of [folder, ...passages.map((name) => join(folder, name)), ...beside]) {
      mkdirSync(path, { recursive: true });
      chmodSync(path, 0o711);
    }
    checkWay(folder);
  }

  /** Undefined: all are taken. The one that was free for longest comes first. */
  take(): number | undefined {
    return this.#free.shift();
  }

  get areTaken(): boolean {
    return this.#free.length === 0;
  }

  /** Nothing of it runs after that. */
  give(user: number | undefined): void {
    if (user === undefined) return;
    killUsers(user);
    this.#free.push(user);
  }

  /** What was made for an attempt becomes its user's. */
  own({ left, needed }: Folders, user: number): void {
    const one = left ?? needed;
    if (one !== undefined) chmodSync(dirname(one), 0o711);
    if (left !== undefined) chownSync(left, user, user);
  }

  close(): void {
    killUsers(this.#range.first, this.#range.first + this.#range.count - 1);
    this.#unlock();
  }
}

/** Gives an attempt somebody of its own to run as, where there are such; its steps are all the same. False: none is free. */
export function becomesOne(attempt: Attempt, users: TaskUsers | undefined): boolean {
  if (users === undefined || attempt.user !== undefined) return true;
  attempt.user = users.take();
  const { folders } = attempt.execution;
  if (folders !== undefined && attempt.user !== undefined) users.own(folders, attempt.user);
  return attempt.user !== undefined;
}

/** Of an executor with a folder of its own. */
export const usersOf = (
  { users, workFolder, dependenciesFolder }: ExecutorOptions,
  folder: string,
): TaskUsers | undefined => {
  if (users === undefined) return undefined;
  const installed = dependenciesFolder ?? join(workFolder, 'dependencies');
  return new TaskUsers(users, folder, [workFolder, installed]);
};

/** Everybody must be able to go to where tasks work. */
function checkWay(folder: string): void {
  for (let at = resolve(folder); at !== dirname(at); at = dirname(at))
    if ((statSync(at).mode & 0o001) === 0)
      throw new Error(
        `task users cannot enter ${at}: let others pass through it (chmod o+x), or name another folder to work in`,
      );
}
