import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readUserRange } from '../../src/contract/user-range.ts';
import { fill, node, openRig, processesWith, python, type Rig, shell, until } from './rig.ts';

/**
 * Goal: where we are root, an attempt is somebody of its own, and can do nothing to us, to other attempts or to who comes after.
 * Method: real processes that try each way out that we can think of.
 */
const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write('task users are not tested: this is not root\n');
const users = { first: 61_000 + (process.pid % 400) * 10, count: 10 };
const isOne = (user: unknown) =>
  Number(user) >= users.first && Number(user) < users.first + users.count;

/** The living processes of our users. */
const living = (): string[] =>
  readdirSync('/proc').filter((name) => {
    const found = /^\d+$/.test(name) && statSync(`/proc/${name}`, { throwIfNoEntry: false });
    return found && isOne(found.uid);
  });

(isRoot ? describe : describe.skip)('an attempt that is somebody of its own', () => {
  let rig: Rig;
  let outside: string;
  beforeAll(() => {
    rig = openRig({ slots: 4, warmProcesses: 2, users });
    outside = mkdtempSync(join(tmpdir(), 'fanfold-outside-'));
    writeFileSync(join(outside, 'ours.json'), '"of the runner"', { mode: 0o600 });
  });
  afterAll(async () => {
    await rig.close();
    rmSync(outside, { recursive: true, force: true });
  });

  test.each([
    ['a program', shell('printf "[%s,%s,\\"%s\\"]" "$(id -u)" "$(id -g)" "$(id -G)"')],
    [
      'a call in Node',
      node('return [process.getuid(), process.getgid(), process.getgroups().join(" ")]'),
    ],
    [
      'a call in Python',
      python(
        'import os\nreturn [os.getuid(), os.getgid(), " ".join(map(str, os.getgroups())) or str(os.getgid())]',
      ),
    ],
    [
      'a step',
      {
        kind: 'sequence' as const,
        steps: [
          { run: shell('true') },
          { run: shell('printf "[%s,%s,\\"%s\\"]" "$(id -u)" "$(id -g)" "$(id -G)"') },
        ],
      },
    ],
  ])('%s is, in all its groups', async (_, run) => {
    const { output } = await rig.run(run);
    const [user, group, groups] = output as [number, number, string];
    expect(isOne(user)).toBe(true);
    expect([group, groups]).toEqual([user, String(user)]);
  });

  test('has its folder, files and channels as ever', async () => {
    const line = `
      test "$(stat -c %u:%a "$TASK_DIR")" = "$(id -u):700" || exit 3
      cat "$TASK_INPUT" > copy; echo '{"log":"heard"}' > "$TASK_CONTROL"; echo printed > /dev/stdout
      mktemp > /dev/null && cp copy "$TASK_OUTPUT"`;
    const key = rig.start(shell(line), {}, { n: 1 });
    expect(await rig.ended(key)).toMatchObject({ outcome: 'succeeded', output: { n: 1 } });
    await until(() => rig.printed(key).length === 2);
    expect(rig.printed(key)).toEqual(expect.arrayContaining(['heard', 'printed']));
  });

  test('shares a folder with the steps of its attempt alone', async () => {
    const steps = [
      { run: shell('echo 5 > five; id -u > who') },
      { run: shell('test "$(cat who)" = "$(id -u)" && cat five') },
    ];
    expect((await rig.run({ kind: 'sequence', steps })).output).toBe(5);
  });

  test('does not see what others have: folders, environments, memory, open files', async () => {
    const other = rig.start(shell('echo private > mine; sleep 3221'), {
      env: { PRIVATE: 'of-another' },
    });
    await until(() => rig.started.includes(other));
    const look = `
import glob, os
def can(act, *args):
    try:
        act(*args)
        return True
    except OSError:
        return False
def read(path):
    with open(path, "rb") as file:
        if not file.read(1):
            raise OSError("it has nothing")
me = os.getuid()
theirs = [pid for pid in os.listdir("/proc") if pid.isdigit() and os.path.exists(f"/proc/{pid}") and os.stat(f"/proc/{pid}").st_uid != me]
found = []
for pid in theirs:
    for what in ("environ", "mem", "maps", "cwd", "root", "fd/0", "fd/3"):
        if can(read if what in ("environ", "mem", "maps") else os.readlink, f"/proc/{pid}/{what}"):
            found.append(f"{what} of {pid}")
    if can(os.kill, int(pid), 0):
        found.append(f"signals to {pid}")
work = os.environ["HOME"].rsplit("/", 1)[0]
found += [p for p in (work, os.path.dirname(work), ${JSON.stringify(outside)}) if can(os.listdir, p)]
found += [p for p in glob.glob(work + "/l*/t*/*")]
found += [p for p in (work + f"/l{l}/t{t}" for l in range(3) for t in range(20)) if can(os.listdir, p)]
found += [p for p in (work + "/owner", ${JSON.stringify(join(outside, 'ours.json'))}) if can(read, p)]
return [len(theirs) > 3, found]`;
    expect((await rig.run(python(look))).output).toEqual([true, []]);
    rig.executor.cancel([other]);
    await rig.ended(other);
  });

  test('cannot trace, become, or load anything into who is not itself', async () => {
    const tries = `
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
parent = os.getppid()
tries = {
    "trace its runner": libc.ptrace(16, parent, 0, 0),
    "trace the first process": libc.ptrace(16, 1, 0, 0),
    "become root": libc.setuid(0),
    "become another": libc.setuid(${users.first + users.count - 1} if os.getuid() != ${users.first + users.count - 1} else ${users.first}),
    "mount": libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
    "load a module": libc.syscall(175, b"", 0, b""),
    "set the clock": libc.syscall(227, 0, None),
    "leave by chroot": libc.chroot(b"/proc/1/root"),
    "lift its limits": libc.setpriority(0, 0, -20),
}
return [name for name, result in tries.items() if result == 0]`;
    expect((await rig.run(python(tries))).output).toEqual([]);
  });

  test.each([
    ['a link to a file of ours as its output', `ln -s OURS "$TASK_OUTPUT"`, 'can not be read'],
    ['a pipe as its output', 'mkfifo "$TASK_OUTPUT"', 'is no file'],
    ['a folder as its output', 'mkdir "$TASK_OUTPUT"', 'is no file'],
  ])('gets nothing by %s', async (_, line, message) => {
    const { outcome, error } = await rig.run(
      shell(line.replace('OURS', join(outside, 'ours.json'))),
    );
    expect([outcome, error?.reason]).toEqual(['failed', 'output']);
    expect(error?.message).toContain(message);
    expect((await rig.run(shell('echo 1'))).output).toBe(1);
  });

  test('has nobody of ours write for it where it leads', async () => {
    const steps = [
      { run: shell(`ln -s '${outside}/made' input-2.json; ln -s '${outside}' answers-2`) },
      { run: shell(`echo '{"once":{"key":"k"},"ask":1}' >&3; sleep 0.3; cat`), with: 7 },
    ];
    expect((await rig.run({ kind: 'sequence', steps })).output).toBe(7);
    expect(readdirSync(outside)).toEqual(['ours.json']);
  });

  test('leaves nothing running, whatever it does to hide, and nothing to who comes next', async () => {
    const line = `
      (setsid env -i sh -c 'trap "" TERM HUP; sleep 3219' > /dev/null 2>&1 < /dev/null &)
      sleep 0.2; ps -o pid= -u "$(id -u)" | wc -l`;
    for (let round = 0; round < 3; round++)
      expect(Number((await rig.run(shell(line))).output)).toBeGreaterThan(2);
    const look = { run: shell('ls -A "$TMPDIR" | wc -l') };
    const results = await fill(rig, look, Array(12).fill(0));
    expect(new Set(results.map(({ output }) => output))).toEqual(new Set([0]));
    expect(processesWith('sleep\0' + '3219')).toEqual([]);
  });

  test('is refused where nobody is free, and goes on when somebody is', async () => {
    const keys = rig.startAll({ run: shell('sleep 3222') }, Array(users.count + 3).fill(0));
    const refused = await Promise.race(keys.map((key) => rig.ended(key)));
    expect([refused.outcome, refused.error?.message]).toEqual([
      'failed',
      'no task user is free: the range is too small for so many attempts',
    ]);
    rig.executor.cancel(keys);
    for (const key of keys) await rig.ended(key);
    expect((await rig.run(shell('echo 1'))).output).toBe(1);
  });

  test('is nobody that another runner of this machine has', () => {
    expect(() => openRig({ users })).toThrow('another runner on this machine has the task users');
  });

  test('no process of theirs is left when the runner ends', async () => {
    rig.start(shell('setsid sleep 3220 & sleep 3220'));
    rig.start(node('await new Promise(() => {})'));
    await until(() => living().length > 2);
    await rig.close();
    await until(() => living().length === 0);
    rig = openRig({ slots: 4, warmProcesses: 2, users });
  });
});

test.each(['20000', '1-2', '20999-20000', '500-1500', 'a-b', '20000-99999999999'])(
  '%s is no range of task users',
  (text) => {
    expect(() => readUserRange(text)).toThrow('is no range of task users: write FIRST-LAST');
  },
);

test('a range has its first one and its last one', () => {
  expect(readUserRange('20000-20009')).toEqual({ first: 20_000, count: 10 });
});
