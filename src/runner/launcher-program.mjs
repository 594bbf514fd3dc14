/** One attempt at a program: its folder, pipes, process group and what became of it. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { unfit } from './launcher-fit.mjs';
import { Lines } from './launcher-lines.mjs';
import { layAnswer, readOutput } from './launcher-output.mjs';
import { makeFolder } from './launcher-places.mjs';
import { signal, treeUsage } from './launcher-proc.mjs';
import { missingFor, whyNot } from './launcher-start.mjs';

/** A last line that is longer is not looked at as output. */
const LAST_LINE_MAX = 1_000_000;
const LOG_LINE_MAX = 64_000;
const CONTROL_LINE_MAX = 1_000_000;
const STDOUT = 0;
const STDERR = 1;
const CONTROL = 2;
const chunk = Buffer.allocUnsafe(65_536);

export class Program {
  startedAt = 0;
  pid = 0;
  stopping = false;
  #order;
  #host;
  #told = false;
  #folder = '';
  /** Of our own, to be given back. */
  #place;
  #names;
  /** Of stdout, stderr and control: pipe, lines, and once the program is not that young, a socket. */
  #channels = [];
  #logBytes = 0;
  #dropped = 0;
  #usage;
  #sampleAt = 0;
  #sampleMs = 25;
  #killTimer;

  /** `order` is the message's body; `host` has config, places and the ways to report. */
  constructor(id, order, host) {
    this.id = id;
    this.#order = order;
    this.#host = host;
    const suffix = order.step === undefined ? '' : `-${order.step}`;
    this.#names = {
      input: `input${suffix}.json`,
      output: `output${suffix}.json`,
      answers: `answers${suffix}`,
    };
  }

  /** Starts it, or tells why not: by its result, or later by `refused` of the host. */
  start() {
    const cwd = this.#order.cwd;
    const missing = missingFor(this.#order);
    if (missing !== undefined) return missing;
    const fds = [];
    try {
      fds.push(this.#openInput());
      for (const max of [LAST_LINE_MAX, LOG_LINE_MAX, CONTROL_LINE_MAX]) {
        const { path, read, write } = this.#host.places.openPipe();
        this.#channels.push({
          path,
          fd: read,
          lines: new Lines(max),
          socket: undefined,
          ended: false,
        });
        fds.push(write);
      }
      return this.#spawn(cwd, fds);
    } catch (error) {
      return error.message;
    } finally {
      for (const fd of fds) closeSync(fd);
    }
  }

  #spawn(cwd, fds) {
    const [file, ...args] = this.#order.argv;
    const options = { cwd: cwd ?? this.#folder, env: this.#env(), stdio: fds, detached: true };
    const child = spawn(file, args, options);
    child.on('error', (error) => {
      if (this.pid === 0)
        this.#host.refused(this, `${file} could not be started: ${whyNot(error)}`);
    });
    if (child.pid === undefined) return undefined;
    this.pid = child.pid;
    this.startedAt = Date.now();
    this.#sampleAt = this.startedAt + 20;
    child.on('exit', (code, signalName) => this.#host.exited(this, code, signalName));
    return undefined;
  }

  /** Makes the folder and the input in it. */
  #openInput() {
    const text = `${JSON.stringify(this.#order.input)}\n`;
    if (this.#order.folder === undefined) {
      this.#place = this.#host.places.takeFolder(text);
      this.#folder = this.#place.path;
    } else {
      this.#folder = this.#order.folder;
      makeFolder(this.#folder);
      writeFileSync(join(this.#folder, this.#names.input), text, { mode: 0o600 });
    }
    return openSync(join(this.#folder, this.#names.input), 'r');
  }

  #env() {
    const { env, token } = this.#host.config;
    const { left, needed } = this.#order.folders ?? {};
    return {
      ...env,
      HOME: this.#folder,
      TMPDIR: join(this.#folder, 'tmp'),
      ...this.#order.env,
      TASK_RUN: this.#order.run,
      TASK_WORKFLOW: this.#order.workflow,
      TASK_ID: this.#order.task,
      TASK_ATTEMPT: String(this.#order.attempt),
      TASK_DIR: this.#folder,
      TASK_INPUT: join(this.#folder, this.#names.input),
      TASK_OUTPUT: join(this.#folder, this.#names.output),
      TASK_CONTROL: '/dev/fd/3',
      TASK_ANSWERS: join(this.#folder, this.#names.answers),
      ...(left && { TASK_ARTIFACTS: left }),
      ...(needed && { TASK_INPUTS: needed }),
      TASK_TOKEN: `${token}.${this.id}`,
    };
  }

  /** Listens to the pipes of a program that is no longer young, and measures it; says when to be called again. */
  tick(now) {
    if (this.pid === 0 || now < this.#sampleAt) return this.#sampleAt;
    if (!this.#told) this.#host.report(['began', this.id, this.pid, this.startedAt]);
    this.#told = true;
    for (const [stream, channel] of this.#channels.entries()) this.#listen(stream, channel);
    const usage = treeUsage(this.pid);
    if (usage.memoryMb > 0) this.#note(usage);
    this.#sampleAt = now + this.#sampleMs;
    this.#sampleMs = Math.min(1000, this.#sampleMs * 2);
    return this.#sampleAt;
  }

  #note(usage) {
    this.#usage = {
      cpuSeconds: Math.max(usage.cpuSeconds, this.#usage?.cpuSeconds ?? 0),
      memoryMb: Math.max(usage.memoryMb, this.#usage?.memoryMb ?? 0),
    };
  }

  #listen(stream, channel) {
    if (channel.socket !== undefined || channel.ended) return;
    const socket = new Socket({ fd: channel.fd, readable: true, writable: false });
    channel.socket = socket;
    socket.on('data', (bytes) => this.#take(stream, channel, bytes));
    socket.on('end', () => {
      channel.ended = true;
    });
    socket.on('error', () => {
      channel.ended = true;
    });
    if (this.#host.paused && stream !== CONTROL) socket.pause();
  }

  pause() {
    for (const channel of this.#channels.slice(0, CONTROL)) channel.socket?.pause();
  }

  resume() {
    for (const channel of this.#channels.slice(0, CONTROL)) channel.socket?.resume();
  }

  #take(stream, channel, bytes) {
    if (stream === CONTROL) {
      this.#control(channel.lines.push(bytes));
      return;
    }
    const quiet = this.#logBytes > this.#host.config.logBytesMax;
    if (quiet) this.#dropped += bytes.length;
    this.#log(stream, channel.lines.push(bytes, quiet));
  }

  #log(stream, lines) {
    if (lines.length === 0) return;
    let bytes = 0;
    for (const line of lines) bytes += line.length + 32;
    this.#logBytes += bytes;
    this.#host.log(this.id, stream, lines, bytes);
    const { logBytesMax } = this.#host.config;
    if (this.#logBytes <= logBytesMax || this.#logBytes - bytes > logBytesMax) return;
    this.#host.log(
      this.id,
      2,
      [`log is full at ${logBytesMax} bytes: further output is dropped`],
      0,
    );
  }

  #control(lines) {
    for (const line of lines) {
      if (line.trim() === '') continue;
      try {
        this.#host.report(['control', this.id, Date.now(), JSON.parse(line)]);
      } catch {
        this.#host.log(this.id, 2, [`not JSON on the control channel: ${line.slice(0, 200)}`], 0);
      }
    }
  }

  /** TERM to the group now, KILL after `graceMs`. */
  stop(graceMs) {
    if (this.stopping) return;
    this.stopping = true;
    if (graceMs > 0) signal(-this.pid, 'SIGTERM');
    if (graceMs > 0) this.#killTimer = setTimeout(() => this.kill(), graceMs);
    else this.kill();
  }

  /** Lays an answer where it looks for it. */
  answer(ask, answer) {
    const failure = layAnswer(join(this.#folder, this.#names.answers), ask, answer);
    if (failure !== undefined) this.#host.log(this.id, 2, [failure], 0);
  }

  kill() {
    signal(-this.pid, 'SIGKILL');
    this.#host.sweep(this.id);
  }

  /**
   * To be called when the main process has ended: kills the rest of the group, takes what is left in the pipes,
   * reads the output, gives back folder and pipes.
   */
  finish(code, signalName) {
    clearTimeout(this.#killTimer);
    const rest = signal(-this.pid, 'SIGKILL');
    const open = this.#closeChannels();
    if (this.stopping || (open && !rest)) this.#host.sweep(this.id);
    if (this.#dropped > 0)
      this.#host.log(this.id, 2, [`${this.#dropped} bytes of output dropped`], 0);
    const result = { code, signal: signalName, startedAt: this.startedAt, endedAt: Date.now() };
    if (this.#usage !== undefined) Object.assign(result, this.#usage);
    const path = join(this.#folder, this.#names.output);
    const { last } = this.#channels[STDOUT].lines;
    if (code === 0) Object.assign(result, readOutput(path, this.#host.config.outputBytesMax, last));
    else result.tail = this.#tail();
    this.release();
    return result;
  }

  /** The end of stderr, after what is wrong with the program itself. */
  #tail() {
    const { tail } = this.#channels[STDERR].lines;
    const why = unfit(this.#order.argv[0], this.#order.cwd ?? this.#folder);
    return why === undefined ? tail : `${why}\n${tail}`;
  }

  #closeChannels() {
    let open = false;
    for (const [stream, channel] of this.#channels.entries()) {
      if (!channel.ended) this.#drain(stream, channel);
      const last = channel.lines.end();
      if (stream === CONTROL) this.#control(last);
      else this.#log(stream, this.#logBytes > this.#host.config.logBytesMax ? [] : last);
      if (!channel.ended) open = true;
    }
    return open;
  }

  /** What has been written by now, up to what a pipe can hold. */
  #drain(stream, channel) {
    channel.socket?.read(); // what it returns comes as `data` too
    for (let round = 0; round < 32; round++) {
      try {
        const length = readSync(channel.fd, chunk);
        if (length === 0) channel.ended = true;
        if (length === 0) return;
        this.#take(stream, channel, chunk.subarray(0, length));
      } catch {
        return;
      }
    }
  }

  /** Gives back what it holds; also of one that did not start. */
  release() {
    const { places } = this.#host;
    for (const { path, fd, socket, ended } of this.#channels) {
      socket?.destroy();
      places.givePipe({ path, read: socket === undefined ? fd : undefined }, ended);
    }
    if (this.#place !== undefined) places.giveFolder(this.#place);
  }
}
