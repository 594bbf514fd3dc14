import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OnceAsk } from '../../src/contract/execution.ts';
import { node, openRig, processesWith, python, type Rig, shell, until } from './rig.ts';

/**
 * Goal: a secret reaches the process of the task that names it, and nothing that an attempt tells holds it.
 * Method: real processes that give it away in every way there is to tell something.
 */
const secret = 'correct-horse-battery-staple';
const kept = new Map([
  ['password', secret],
  ['database', JSON.stringify({ user: 'ada', password: secret, port: 5432 })],
  ['short', 'abc'],
]);
const asked: OnceAsk[] = [];
let rig: Rig;
beforeAll(() => {
  rig = openRig(
    { slots: 4, warmProcesses: 2, secrets: { read: async (name) => kept.get(name) } },
    async (_, ask) => {
      asked.push(ask);
      return { error: 'never' };
    },
  );
});
afterAll(() => rig.close());

const secrets = { TOKEN: 'password' };
const told = () => JSON.stringify([rig.results, rig.beats, rig.spawned, rig.lines, asked]);

const tells = {
  shell: shell(`
    printf 'first %s\\n' "$TOKEN"; printf 'second %s' "\${TOKEN%tery*}"; sleep 0.1; printf '%s\\n' "tery\${TOKEN#*tery}"
    echo "third $TOKEN" >&2
    head -c 15990 /dev/zero | tr '\\0' x; echo "$TOKEN"
    printf '{"step":"%s"}\\n{"spawn":{"key":"%s","with":"%s"}}\\n{"log":"fourth %s"}\\nno json %s\\n' "$TOKEN" "$TOKEN" "$TOKEN" "$TOKEN" "$TOKEN" >&3
    printf '{"once":{"key":"%s"},"ask":1}\\n' "$TOKEN" >&3
    sleep 0.2
    echo "{\\"is\\":[\\"$TOKEN\\"]}"`),
  node: node(`
    const { TOKEN } = process.env;
    process.stdout.write('first ' + TOKEN + '\\nsecond ' + TOKEN.slice(0, 9));
    process.stdout.write(TOKEN.slice(9) + '\\n');
    console.error('third', TOKEN);
    process.stdout.write('x'.repeat(64_000) + TOKEN.slice(0, 9));
    process.stdout.write(TOKEN.slice(9) + '\\n');
    task.log('fourth', TOKEN);
    task.progress(TOKEN, 0.5);
    task.spawn({ key: TOKEN, with: TOKEN });
    await task.once(TOKEN, () => 1).catch(() => {});
    return { is: [TOKEN] };`),
  python: python(`
import os, sys, time
TOKEN = os.environ["TOKEN"]
print("first", TOKEN)
print("second", TOKEN[:9], end="", flush=True)
time.sleep(0.1)
print(TOKEN[9:])
print("third", TOKEN, file=sys.stderr)
task.log("fourth", TOKEN)
task.progress(TOKEN, 0.5)
task.spawn(TOKEN, key=TOKEN)
return {"is": [TOKEN]}`),
};

describe.each(['shell', 'node', 'python'] as const)('a task in %s', (language) => {
  test('has its secret, and tells it to nobody', async () => {
    const key = rig.start(tells[language], { secrets });
    const result = await rig.ended(key);
    expect(result).toMatchObject({ outcome: 'succeeded', output: { is: ['***'] } });
    await until(() => rig.printed(key, 'stderr').length > 0);
    const printed = [...rig.printed(key), ...rig.printed(key, 'stderr')];
    for (const line of ['first ***', 'second ***', 'third ***', 'fourth ***'])
      expect(printed).toContain(line);
    expect(told()).not.toContain(secret);
    expect(told()).not.toMatch(/correct-hor|ery-staple/);
  });
});

test.each([
  [
    'a program that fails',
    shell('echo "cannot connect with $TOKEN" >&2; exit 3'),
    'cannot connect with ***',
  ],
  ['one that says much before', shell('yes "$TOKEN" | head -c 3000 >&2; exit 1'), '***'],
  ['a call that throws', node('throw new Error(`bad ${process.env.TOKEN}`)'), 'bad ***'],
  [
    'a call that dies',
    python('import os\nos.write(2, os.environ["TOKEN"].encode())\nos._exit(3)'),
    '***',
  ],
  ['an output that is no JSON', shell('echo "$TOKEN" > "$TASK_OUTPUT"'), '***'],
])('%s does not tell it in its error', async (_, run, shown) => {
  const { outcome, error } = await rig.run(run, { secrets });
  expect(outcome).toBe('failed');
  expect(JSON.stringify(error)).toContain(shown);
  expect(JSON.stringify(error)).not.toMatch(/correct-|-staple/);
});

test('a task that names none finds none, in a process of another kind', async () => {
  const look = node('return [process.pid, process.env.TOKEN ?? "none"]');
  const [given = []] = [(await rig.run(look, { secrets })).output as unknown[]];
  const [bare = []] = [(await rig.run(look)).output as unknown[]];
  expect([given[1], bare[1]]).toEqual(['***', 'none']);
  expect(given[0]).not.toBe(bare[0]);
});

test('one field of a secret is given alone', async () => {
  const run = shell('test "$P" = correct-horse-battery-staple && test "$N" = 5432 && echo 1');
  const fields = { P: 'database#password', N: 'database#port' };
  expect((await rig.run(run, { secrets: fields })).output).toBe(1);
});

test('a new value reaches the next attempt, also of warm calls', async () => {
  const run = node('return process.env.CHANGING.length');
  for (const value of ['four', 'fifth']) {
    kept.set('changing', value);
    const { output } = await rig.run(run, { secrets: { CHANGING: 'changing' } });
    expect(output).toBe(value.length);
  }
});

test.each([
  ['is not there', 'nothing', 'there is no secret nothing'],
  ['is too short to be hidden', 'short', 'has fewer than 4 characters'],
  ['is no JSON', 'password#field', 'the secret password is no JSON map, so it has no field field'],
  ['lacks the field', 'database#host', 'the secret database has no field host'],
])('a secret that %s fails its attempt alone', async (_, name, message) => {
  const { outcome, error } = await rig.run(shell('true'), { secrets: { TOKEN: name } });
  expect([outcome, error?.reason]).toEqual(['failed', 'secrets']);
  expect(error?.message).toContain(message);
  expect((await rig.run(shell('echo 1'))).output).toBe(1);
});

test('no command line holds a secret, nor a process that is not of its task', async () => {
  const file = join(rig.workFolder, 'go on');
  const key = rig.start(shell(`while [ ! -e '${file}' ]; do sleep 0.05; done`), { secrets });
  await until(() => rig.started.includes(key));
  const holders = processesWith(secret);
  expect(holders.length).toBeGreaterThan(0);
  for (const pid of holders) {
    const text = (what: string): string =>
      existsSync(`/proc/${pid}/${what}`) ? readFileSync(`/proc/${pid}/${what}`, 'latin1') : '';
    expect(text('cmdline')).not.toContain(secret);
    expect(text('environ')).toMatch(/(^|\0)(TASK_TOKEN=|TOKEN=)/);
  }
  rig.executor.cancel([key]);
  await rig.ended(key);
});
