import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import {
  ControlMessage,
  FromHarness,
  OnceAnswer,
  printProtocol,
  protocolSchemas,
  ToHarness,
} from '../../src/contract/runner-protocol.ts';

const images = join(import.meta.dirname, '../../runtime-images');
const names = Object.keys(protocolSchemas) as (keyof typeof protocolSchemas)[];

test.each(names)('the JSON Schema of %s is the one that is printed', (name) => {
  const file = readFileSync(join(images, 'protocol', `${name}.schema.json`), 'utf8');
  expect(file).toBe(printProtocol(name)); // npm run protocol
});

describe('PROTOCOL.md', () => {
  const text = readFileSync(join(images, 'PROTOCOL.md'), 'utf8');

  test('shows what may be said on the control channel as it is', () => {
    const block = /```json\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    const lines = block.trim().split('\n');
    expect(lines.length).toBeGreaterThan(3);
    const asked = [...text.matchAll(/`(\{"once".*?\})`/g)].map((match) => match[1] ?? '');
    for (const line of [...lines, ...asked])
      expect(ControlMessage.safeParse(JSON.parse(line)).error).toBeUndefined();
  });

  test('shows answers as they are', () => {
    const shown = [...text.matchAll(/`(\{"(?:mine|kept|value|wait|error)".*?\})`/g)];
    expect(shown.length).toBeGreaterThanOrEqual(5);
    for (const [, line = ''] of shown)
      expect(OnceAnswer.safeParse(JSON.parse(line)).error).toBeUndefined();
  });

  test('names every message', () => {
    for (const schema of [ToHarness, FromHarness])
      for (const { def } of schema.options)
        expect(text).toContain(`\`["${(def.items[0] as { value: string }).value}"`);
  });
});

test('what is said to a harness, and what it says, is of the schemas', async () => {
  const harness = spawn(process.execPath, [join(images, 'node', 'harness.mjs'), '1', '1000'], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe'],
    detached: true,
  });
  const code =
    'console.log(1); task.progress("s", 0.5); if (input === 2) throw new Error("no"); return input';
  const call = (id: number) => [id, id, 'run', 'task', 1, 'flow'];
  const messages = [
    ['define', 0, { kind: 'snippet', language: 'node', code }, null],
    ['call', 0, [call(1), call(2)]],
    ['call', 0, [call(3)]],
  ];
  for (const message of messages) expect(ToHarness.safeParse(message).error).toBeUndefined();
  (harness.stdio[3] as Writable).write(messages.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const kinds = new Set<string>();
  for await (const line of createInterface({ input: harness.stdio[4] as Readable })) {
    const message = JSON.parse(line);
    expect(FromHarness.safeParse(message).error).toBeUndefined();
    kinds.add(message[0]);
    if (message[0] === 'done' && message[1] === 3) break;
  }
  harness.kill('SIGKILL');
  for (const stream of harness.stdio) stream?.destroy();
  if (harness.exitCode === null && harness.signalCode === null) await once(harness, 'exit');
  expect([...kinds]).toEqual(expect.arrayContaining(['ready', 'say', 'log', 'done', 'fail']));
});
