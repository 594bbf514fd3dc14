/**
 * Users of their own for tasks, where we are root. A user's number is its group's too. Imported by the launcher and by the
 * executor.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Does something to files as a task's user, who is led by its own links only to where it may go itself. Nothing in it may wait. */
export function asUser(user, act) {
  if (user === undefined) return act();
  process.setegid(user);
  process.seteuid(user);
  try {
    return act();
  } finally {
    process.seteuid(0);
    process.setegid(0);
  }
}

/** Kills all that these users run, wherever it hides: again, until nothing is left. */
export function killUsers(first, last = first) {
  for (let round = 0; round < 20; round++) {
    const found = pidsOf(first, last);
    if (found.length === 0) return;
    for (const pid of found) kill(pid);
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

/** Also of those that have become somebody else since. */
function pidsOf(first, last) {
  const isTheirs = (user) => Number(user) >= first && Number(user) <= last;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const status = statusOf(pid);
      if (/^State:\s+[ZX]/m.test(status)) return false;
      const users = /^Uid:\s+(.*)$/m.exec(status)?.[1] ?? '';
      return users.split(/\s+/).some((user) => user !== '' && isTheirs(user));
    });
}

function statusOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}
