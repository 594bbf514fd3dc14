import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Problem } from '../../src/contract/problem.ts';
import type { Blobs } from '../../src/ports/blobs.ts';

export interface BlobsSubject {
  readonly blobs: Blobs;
  /** Changes a bit of what is stored under the hash, behind the adapter's back. */
  damage?(hash: string): Promise<void>;
  /** Lets go of it, as the end of its process would, and opens it again on the same data. */
  reopen?(): Promise<Blobs>;
  close?(): Promise<void>;
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function withFile(bytes: Uint8Array, use: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'blobs-'));
  try {
    await writeFile(join(folder, 'file'), bytes);
    await use(join(folder, 'file'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function partsOf(blobs: Blobs, hash: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of (await blobs.read(hash)) ?? []) parts.push(part);
  return Buffer.concat(parts);
}

/** Holds an adapter to the promises of `Blobs`. */
export function testBlobs(name: string, make: () => Promise<BlobsSubject>): void {
  describe(`${name} keeps the promises of blobs:`, () => {
    let subject: BlobsSubject;
    let blobs: Blobs;
    beforeAll(async () => {
      subject = await make();
      blobs = subject.blobs;
    });
    afterAll(async () => subject.close?.());

    test.each([0, 1, 1000, 1 << 20])('%i bytes come back under their SHA-256', async (size) => {
      const bytes = new Uint8Array(randomBytes(size));
      const hash = await blobs.put(bytes);
      expect(hash).toBe(hashOf(bytes));
      const found = (await blobs.get(hash)) as Uint8Array;
      expect(Buffer.compare(found, bytes)).toBe(0);
      expect(await blobs.has(hash)).toBe(true);
    });

    test.each([0, 1000, 5 << 20])('a file of %i bytes is the blob of its bytes', async (size) => {
      const bytes = new Uint8Array(randomBytes(size));
      await withFile(bytes, async (path) => {
        expect(await blobs.putFile(path)).toBe(hashOf(bytes));
        expect(await blobs.putFile(path)).toBe(hashOf(bytes));
      });
      expect(Buffer.compare((await blobs.get(hashOf(bytes))) as Uint8Array, bytes)).toBe(0);
      expect(await partsOf(blobs, hashOf(bytes))).toEqual(Buffer.from(bytes));
    });

    test('what was never put cannot be read in parts either', async () => {
      for (const hash of ['..', 'x', hashOf(randomBytes(8))])
        expect(await blobs.read(hash)).toBeUndefined();
    });

    test('where others may get bytes past us, they get them', async () => {
      const bytes = new Uint8Array(randomBytes(5000));
      const hash = await blobs.put(bytes);
      const url = await blobs.downloadFrom(hash);
      if (url === undefined) return;
      const answer = await fetch(url);
      expect(hashOf(new Uint8Array(await answer.arrayBuffer()))).toBe(hash);
    });

    test('the same bytes again are the same blob, also at the same time', async () => {
      const bytes = new Uint8Array(randomBytes(100));
      const hashes = await Promise.all(Array.from({ length: 10 }, () => blobs.put(bytes)));
      expect(new Set(hashes)).toEqual(new Set([hashOf(bytes)]));
      expect(await blobs.put(bytes)).toBe(hashOf(bytes));
    });

    test('what was never put is not there, whatever it is called', async () => {
      const names = [
        '',
        '.',
        '..',
        '../../etc/passwd',
        'x',
        hashOf(randomBytes(8)),
        'A'.repeat(64),
      ];
      for (const hash of names) {
        expect(await blobs.get(hash)).toBeUndefined();
        expect(await blobs.has(hash)).toBe(false);
      }
    });

    test('renewing a blob leaves it as it is, and one that is not there is no mistake', async () => {
      const bytes = new Uint8Array(randomBytes(2000));
      const hash = await blobs.put(bytes);
      await blobs.renew(hash);
      await blobs.renew(hashOf(randomBytes(8)));
      await blobs.renew('../x');
      expect(hashOf((await blobs.get(hash)) as Uint8Array)).toBe(hash);
    });

    test('where others may put bytes past us, they are there afterwards, and other bytes are refused', async () => {
      const bytes = new Uint8Array(randomBytes(5000));
      const hash = hashOf(bytes);
      const upload = await blobs.uploadTo(hash);
      if (upload === undefined) return;
      const put = (body: Uint8Array) =>
        fetch(upload.url, { method: 'PUT', headers: upload.headers, body: Uint8Array.from(body) });
      const refused = await put(randomBytes(5000));
      await refused.arrayBuffer();
      expect([refused.status, await blobs.has(hash)]).toEqual([400, false]);
      const taken = await put(bytes);
      await taken.arrayBuffer();
      expect([taken.status, await blobs.has(hash)]).toEqual([200, true]);
      expect(hashOf((await blobs.get(hash)) as Uint8Array)).toBe(hash);
    });

    test('what the caller changes after the call changes nothing', async () => {
      const bytes = new Uint8Array(randomBytes(5000));
      const want = hashOf(bytes);
      const put = blobs.put(bytes);
      bytes.fill(0);
      expect(await put).toBe(want);
      ((await blobs.get(want)) as Uint8Array).fill(0);
      expect(hashOf((await blobs.get(want)) as Uint8Array)).toBe(want);
    });

    test('a damaged blob is refused by name, and healed by the next put of the same bytes', async () => {
      if (subject.damage === undefined) return;
      const bytes = new Uint8Array(randomBytes(3000));
      const hash = await blobs.put(bytes);
      await subject.damage(hash);
      const refused = await blobs.get(hash).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(Problem);
      expect((refused as Problem).code).toBe('data-damaged');
      expect((refused as Problem).message).toContain(hash);
      const inParts = await partsOf(blobs, hash).catch((error: unknown) => error);
      expect((inParts as Problem).code).toBe('data-damaged');
      expect((inParts as Problem).message).toContain(hash);
      await blobs.put(bytes);
      expect(hashOf((await blobs.get(hash)) as Uint8Array)).toBe(hash);
    });

    test('what was answered is there after the process ended', async () => {
      if (subject.reopen === undefined) return;
      const hash = await blobs.put(randomBytes(100));
      blobs = await subject.reopen();
      expect(await blobs.has(hash)).toBe(true);
    });
  });
}
