import { mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { whyNoEmptyNetwork } from '../../src/runner/launcher-network.mjs';
import { node, openRig, python, type Rig, shell, until } from './rig.ts';

/**
 * Goal: `network: off` keeps every process of a task off every network, or the task is not begun.
 * Method: tasks that try a server of this machine, addresses at which clouds tell credentials, and the network they left.
 */
const why = whyNoEmptyNetwork();
if (why !== undefined)
  process.stderr.write(`network: off is tested for its refusal only: ${why}\n`);
const can = why === undefined ? test : test.skip;

let rig: Rig;
let port = 0;
const server = createServer((socket) => void socket.on('error', () => {}).end('here')).unref();
beforeAll(async () => {
  rig = openRig({ slots: 4, warmProcesses: 2 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  await rig.close();
  server.close();
});
const off = { network: 'off' as const };

const reach = (address: string, at: number): string => `
import socket
try:
    socket.create_connection((${JSON.stringify(address)}, ${at}), 5).close()
    return "reached"
except OSError as error:
    return "unreachable" if "reach" in str(error) else str(error)`;
const connect = (at: number) =>
  node(`return new Promise((resolve) => {
    const socket = process.getBuiltinModule('net').connect({ host: '127.0.0.1', port: ${at} });
    socket.on('connect', () => resolve('reached')).on('error', () => resolve('unreachable'));
  })`);

can(
  'a task without a network reaches neither this machine nor those that tell credentials',
  async () => {
    expect((await rig.run(python(reach('127.0.0.1', port)))).output).toBe('reached');
    expect((await rig.run(connect(port))).output).toBe('reached');
    expect((await rig.run(connect(port), off)).output).toBe('unreachable');
    for (const address of ['127.0.0.1', '169.254.169.254', '169.254.170.2', '192.0.2.1'])
      expect((await rig.run(python(reach(address, port)), off)).output).toBe('unreachable');
  },
);

can('nor do the programs that it starts, or itself by going back', async () => {
  const line = `
    nsenter --net=/proc/$PPID/ns/net true 2>/dev/null && echo '"went back"' && exit
    nsenter --net=/proc/1/ns/net true 2>/dev/null && echo '"went back"' && exit
    ip link set lo up 2>/dev/null && ip route add default dev lo 2>/dev/null
    python3 -c 'import socket; socket.create_connection(("127.0.0.1", ${port}), 5)' 2>/dev/null && echo '"reached"' && exit
    echo '"kept"'`;
  expect((await rig.run(shell(line), off)).output).toBe('kept');
});

can('it is who it would be elsewhere, with its files and channels', async () => {
  const line = `echo '{"log":"there"}' > "$TASK_CONTROL"; printf '[%s,%s]' "$(id -u)" "$(cat)" > "$TASK_OUTPUT"`;
  const key = rig.start(shell(line), off, 7);
  const { output, outcome } = await rig.ended(key);
  expect([outcome, output]).toEqual(['succeeded', [process.getuid?.(), 7]]);
  await until(() => rig.printed(key).includes('there'));
});

can('a program of the task that is named like ours does not stand in for it', async () => {
  const bin = join(rig.workFolder, 'bin');
  mkdirSync(bin);
  const passes = '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n';
  writeFileSync(join(bin, 'unshare'), passes, { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env.PATH}` };
  const { output } = await rig.run(python(reach('127.0.0.1', port)), { ...off, env });
  expect(output).toBe('unreachable');
});

(why === undefined ? test.skip : test)('where it cannot be kept off, it is not begun', async () => {
  const { outcome, error } = await rig.run(shell('true'), off);
  expect([outcome, error?.reason]).toEqual(['failed', 'start']);
  expect(error?.message).toContain('network: off cannot be kept on this runner');
});
