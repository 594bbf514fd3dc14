import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Problem } from '../../contract/problem.ts';
import type { Blobs } from '../../ports/blobs.ts';
import type { Clock } from '../../ports/clock.ts';
import { checkedParts, hashOfFile } from '../checked-parts.ts';
import { insist, type Patience } from './insist.ts';
import { checksumOf, signedDownload, signedUpload } from './signed-upload.ts';

export interface S3BlobsOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** Begins every key. */
  readonly prefix: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly patience: Patience;
}

const hashPattern = /^[0-9a-f]{64}$/;
/** A blob that was put here lately is not put again, and one that was seen not looked for: each would be paid for. */
const knownMs = 10 * 60_000;
const knownMax = 10_000;
/** Blobs leave after months: one that was renewed today need not be renewed again. */
const renewedMs = 86_400_000;

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Whether an object that was asked for is not there. A bucket that may not be listed says `403` instead. */
export function isMissing(error: unknown): boolean {
  const { name, $metadata } = error as {
    readonly name?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  return name === 'NoSuchKey' || name === 'NotFound' || $metadata?.httpStatusCode === 404;
}

async function orNone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Hashes for which something was done not longer ago than `ms`. */
class Lately {
  readonly #until = new Map<string, number>();
  readonly #clock: Pick<Clock, 'now'>;
  readonly #ms: number;

  constructor(clock: Pick<Clock, 'now'>, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  has(hash: string): boolean {
    return (this.#until.get(hash) ?? 0) > this.#clock.now();
  }

  add(hash: string): void {
    if (this.#until.size >= knownMax) this.#until.clear();
    this.#until.set(hash, this.#clock.now() + this.#ms);
  }

  delete(hash: string): void {
    this.#until.delete(hash);
  }
}

/** Blobs as objects of a bucket, under their hash. */
export function s3Blobs({ client, bucket, prefix, clock, patience }: S3BlobsOptions): Blobs {
  const known = new Lately(clock, knownMs);
  // Not put again either would leave it as old as it is.
  const seen = new Lately(clock, knownMs);
  const renewed = new Lately(clock, renewedMs);
  const keyOf = (hash: string) => ({ Bucket: bucket, Key: prefix + hash });
  const damaged = (hash: string): Problem => {
    known.delete(hash);
    return new Problem('data-damaged', `blob ${hash}: its content does not fit its hash`);
  };
  const place: Place = { client, patience, keyOf };
  return {
    async put(bytes) {
      const copy = Uint8Array.from(bytes);
      const hash = hashOf(copy);
      if (known.has(hash)) return hash;
      await insist(patience, `put blob ${hash}`, () =>
        client.send(new PutObjectCommand({ ...keyOf(hash), Body: copy })),
      );
      known.add(hash);
      return hash;
    },
    async get(hash) {
      if (!hashPattern.test(hash)) return undefined;
      const bytes = await orNone(
        insist(patience, `get blob ${hash}`, async () => {
          const { Body } = await client.send(new GetObjectCommand(keyOf(hash)));
          return Body?.transformToByteArray();
        }),
      );
      if (bytes === undefined) return undefined;
      if (hashOf(bytes) === hash) return bytes;
      throw damaged(hash);
    },
    ...inParts(place, known, damaged),
    async has(hash) {
      if (!hashPattern.test(hash)) return false;
      if (known.has(hash) || seen.has(hash)) return true;
      const found = await orNone(
        insist(patience, `look for blob ${hash}`, () =>
          client.send(new HeadObjectCommand(keyOf(hash))),
        ),
      );
      if (found !== undefined) seen.add(hash);
      return found !== undefined;
    },
    async renew(hash) {
      if (!hashPattern.test(hash) || renewed.has(hash)) return;
      await rewrite(place, hash);
      renewed.add(hash);
    },
    uploadTo: (hash) => signedUpload(client, keyOf(hash), hash, clock.now()),
    downloadFrom: (hash) => signedDownload(client, keyOf(hash), clock.now()),
  };
}

interface Place {
  readonly client: S3Client;
  readonly patience: Patience;
  readonly keyOf: (hash: string) => { readonly Bucket: string; readonly Key: string };
}

/** An object is as old as its last write, and a copy onto itself is one. Answers whether there is one. */
async function rewrite({ client, patience, keyOf }: Place, hash: string): Promise<boolean> {
  const { Bucket, Key } = keyOf(hash);
  const copy = { Bucket, Key, CopySource: `${Bucket}/${Key}` };
  const done = await orNone(
    insist(patience, `renew blob ${hash}`, () =>
      client.send(new CopyObjectCommand({ ...copy, MetadataDirective: 'REPLACE' })),
    ),
  );
  return done !== undefined;
}

/** One object takes up to 5 GB in one put. */
const inParts = (
  place: Place,
  known: Lately,
  damaged: (hash: string) => Problem,
): Pick<Blobs, 'putFile' | 'read'> => ({
  async putFile(path) {
    const { client, patience, keyOf } = place;
    const { hash, length } = await hashOfFile(path);
    if (known.has(hash)) return hash;
    // A file that was changed since its hash was taken is refused.
    const sum = { ContentLength: length, ChecksumSHA256: checksumOf(hash) };
    if (!(await rewrite(place, hash)))
      await insist(patience, `put blob ${hash}`, () =>
        client.send(new PutObjectCommand({ ...keyOf(hash), ...sum, Body: createReadStream(path) })),
      );
    known.add(hash);
    return hash;
  },
  async read(hash) {
    const { client, patience, keyOf } = place;
    if (!hashPattern.test(hash)) return undefined;
    const found = await orNone(
      insist(patience, `get blob ${hash}`, () => client.send(new GetObjectCommand(keyOf(hash)))),
    );
    if (found?.Body === undefined) return undefined;
    return checkedParts(found.Body as AsyncIterable<Uint8Array>, hash, () => damaged(hash));
  },
});
