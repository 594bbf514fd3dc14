/** What Linux tells about processes in /proc. On other systems all of it finds nothing. */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

function readText(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Ids of all processes, but our own. */
function pids() {
  try {
    return readdirSync('/proc').filter(
      (name) => /^\d+$/.test(name) && Number(name) !== process.pid,
    );
  } catch {
    return [];
  }
}

/** The processes whose environment has a TASK_TOKEN that `matches` accepts, each with its token. */
export function processesByToken(matches) {
  const found = [];
  for (const pid of pids()) {
    const environ = readText(`/proc/${pid}/environ`);
    const at = environ.startsWith('TASK_TOKEN=') ? 0 : environ.indexOf('\0TASK_TOKEN=') + 1;
    if (at === 0 && !environ.startsWith('TASK_TOKEN=')) continue;
    const token = environ.slice(at + 11, environ.indexOf('\0', at + 11));
    if (matches(token)) found.push({ pid: Number(pid), token });
  }
  return found;
}

/** Kills every process, its process group's included, whose token `matches` accepts. Again, until none is new. */
export function killByToken(matches) {
  const killed = new Set();
  for (let round = 0; round < 10; round++) {
    const fresh = processesByToken(matches).filter(({ pid }) => !killed.has(pid));
    if (fresh.length === 0) break;
    for (const { pid } of fresh) {
      killed.add(pid);
      signal(pid, 'SIGKILL');
    }
  }
  return killed.size;
}

/** Sends a signal; false when there is no such process. */
export function signal(pid, name) {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/** When a process was started, in ticks since boot: with the pid, its name for ever. Empty when there is none, or it is dead. */
export function startOf(pid) {
  const stat = readText(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' || fields[0] === 'Z' ? '' : fields[19];
}

/** Seconds of CPU and MB of memory that a process and its living descendants have used so far, and MB that they have now. */
export function treeUsage(root) {
  let cpuSeconds = 0;
  let memoryMb = 0;
  let residentMb = 0;
  const todo = [root];
  for (let seen = 0; todo.length > 0 && seen < 200; seen++) {
    const pid = todo.pop();
    const stat = readText(`/proc/${pid}/stat`);
    if (stat === '') continue;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    for (const index of [11, 12, 13, 14]) cpuSeconds += Number(fields[index]) / TICKS_PER_SECOND;
    const status = readText(`/proc/${pid}/status`);
    memoryMb += kilobytesOf('VmHWM', status) / 1024;
    residentMb += kilobytesOf('VmRSS', status) / 1024;
    todo.push(...readText(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean));
  }
  return { cpuSeconds, memoryMb, residentMb };
}

function kilobytesOf(name, status) {
  const found = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status);
  return found === null ? 0 : Number(found[1]);
}

/** What one variable was in the environment that a process began with. */
export function variableOf(pid, name) {
  const all = readText(`/proc/${pid}/environ`).split('\0');
  return all.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Tells, at each call, the seconds of CPU of our children that were reaped since the call before. */
export class ReapedCpu {
  #fd = -1;
  #buffer = Buffer.alloc(1024);
  #before = 0;

  constructor() {
    try {
      this.#fd = openSync('/proc/self/stat', 'r');
    } catch {
      this.#fd = -1;
    }
    this.#before = this.#read();
  }

  delta() {
    const now = this.#read();
    const delta = now - this.#before;
    this.#before = now;
    return delta;
  }

  close() {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #read() {
    if (this.#fd < 0) return 0;
    const length = readSync(this.#fd, this.#buffer, 0, 1024, 0);
    const stat = this.#buffer.latin1Slice(0, length);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
  }
}

/** How often the kernel has killed a process of this container for want of memory. */
export function oomKills() {
  const own = /^0::(.*)$/m.exec(readText('/proc/self/cgroup'))?.[1] ?? '/';
  for (const folder of [`/sys/fs/cgroup${own}`, '/sys/fs/cgroup']) {
    const count = /^oom_kill (\d+)$/m.exec(readText(`${folder}/memory.events`));
    if (count !== null) return Number(count[1]);
  }
  return 0;
}
