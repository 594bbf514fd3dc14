import { closeSync, copyFileSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import type { Damage } from './damage.ts';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const READ_BYTES = 1 << 20;
/** Words of the log are summed as the machine that wrote it has them; the magic number says how. */
const LITTLE_ENDIAN = 0x377f0682;
const BIG_ENDIAN = 0x377f0683;

type Sum = readonly [number, number];

/**
 * Looks whether SQLite will pass over commits that were answered. It takes the log up to the first frame that does not
 * fit its checksum, and says nothing of what lies beyond. There, one unfinished commit is what a crash leaves; more
 * than that were answered, so the log is damaged: it is copied aside, and what remains is served.
 *
 * Of the very last commit nobody can tell whether a crash or the disk took it.
 */
export function checkLog(file: string): Damage | undefined {
  const log = `${file}-wal`;
  if (!existsSync(log) || statSync(log).size <= HEADER_BYTES) return undefined;
  const reason = damageOf(log);
  if (reason === undefined) return undefined;
  const aside = `${log}.damaged`;
  if (!existsSync(aside)) copyFileSync(log, aside);
  return { file: log, place: '', reason: `${reason}; a copy of it is kept as ${aside}` };
}

function damageOf(log: string): string | undefined {
  const handle = openSync(log, 'r');
  try {
    const header = Buffer.from(new ArrayBuffer(HEADER_BYTES));
    readSync(handle, header, 0, HEADER_BYTES, 0);
    const magic = header.readUInt32BE(0);
    const little = magic === LITTLE_ENDIAN;
    if (!little && magic !== BIG_ENDIAN) return 'it does not begin like a log';
    const sum = checksum(header, 24, [0, 0], little);
    if (!fits(header, 24, sum)) return 'its header does not fit its checksum';
    return scanFrames(handle, header, sum, little);
  } finally {
    closeSync(handle);
  }
}

function scanFrames(
  handle: number,
  header: Buffer,
  start: Sum,
  little: boolean,
): string | undefined {
  const frameBytes = FRAME_HEADER_BYTES + header.readUInt32BE(8);
  const chunk = Buffer.from(
    new ArrayBuffer(Math.max(1, Math.floor(READ_BYTES / frameBytes)) * frameBytes),
  );
  const scan = new FrameScan(header, start, little);
  for (let at = HEADER_BYTES; ; at += chunk.length) {
    const length = readSync(handle, chunk, 0, chunk.length, at);
    for (let from = 0; from + frameBytes <= length; from += frameBytes)
      scan.take(chunk.subarray(from, from + frameBytes), at + from);
    if (length < chunk.length) return scan.finding();
  }
}

class FrameScan {
  readonly #header: Buffer;
  readonly #little: boolean;
  /** Undefined once a frame did not fit. */
  #sum: Sum | undefined;
  #brokenAt = 0;
  #lost = 0;

  constructor(header: Buffer, start: Sum, little: boolean) {
    this.#header = header;
    this.#sum = start;
    this.#little = little;
  }

  take(frame: Buffer, at: number): void {
    // Others are left from before the log was begun anew.
    const current = frame.compare(this.#header, 16, 24, 8, 16) === 0;
    const before = this.#sum;
    this.#sum = before && current ? nextSum(frame, before, this.#little) : undefined;
    if (this.#sum !== undefined) return;
    if (before !== undefined) this.#brokenAt = at;
    if (current && frame.readUInt32BE(4) > 0) this.#lost++;
  }

  finding(): string | undefined {
    if (this.#lost < 2) return undefined;
    return `it does not fit its checksum at byte ${this.#brokenAt}, so what ${this.#lost} commits from there on stored is lost`;
  }
}

/** Undefined when the frame does not fit. */
function nextSum(frame: Buffer, sum: Sum, little: boolean): Sum | undefined {
  const head = checksum(frame, 8, sum, little);
  const whole = checksum(
    frame.subarray(FRAME_HEADER_BYTES),
    frame.length - FRAME_HEADER_BYTES,
    head,
    little,
  );
  return fits(frame, 16, whole) ? whole : undefined;
}

const fits = (buffer: Buffer, at: number, [a, b]: Sum): boolean =>
  buffer.readUInt32BE(at) === a && buffer.readUInt32BE(at + 4) === b;

/** SQLite's own, over pairs of words. Frames begin at multiples of eight bytes. */
function checksum(buffer: Buffer, length: number, [a, b]: Sum, little: boolean): Sum {
  let [s0, s1] = [a | 0, b | 0];
  const own = little === machineIsLittle ? buffer : Buffer.from(buffer).swap32();
  const words = new Int32Array(own.buffer, own.byteOffset, length / 4);
  for (let at = 0; at < words.length; at += 2) {
    s0 = (s0 + (words[at] as number) + s1) | 0;
    s1 = (s1 + (words[at + 1] as number) + s0) | 0;
  }
  return [s0 >>> 0, s1 >>> 0];
}

const machineIsLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
