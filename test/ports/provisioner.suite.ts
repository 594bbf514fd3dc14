import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Provisioner } from '../../src/ports/provisioner.ts';

export interface ProvisionerSubject {
  readonly provisioner: Provisioner;
  readonly pool: string;
  /** At least 5. */
  readonly cap: number;
  /** A pool that it cannot know. Undefined: it takes any name. */
  readonly unknown?: string;
  close?(): Promise<void>;
}

/** Holds an adapter to the promises of `Provisioner`. */
export function testProvisioner(name: string, make: () => Promise<ProvisionerSubject>): void {
  describe(`${name} keeps the promises of a provisioner:`, () => {
    let subject: ProvisionerSubject;
    const wanted = async () => (await subject.provisioner.read(subject.pool)).wanted;
    const set = (runners: number) => subject.provisioner.set(subject.pool, runners);
    beforeAll(async () => {
      subject = await make();
    });
    afterAll(async () => subject?.close?.());

    test('what was asked for last is what is wanted, from zero and to zero', async () => {
      for (const runners of [0, 3, 5, 2, 0, 4]) {
        await set(runners);
        expect(await wanted()).toBe(runners);
      }
    });

    test('to ask again changes nothing', async () => {
      for (const runners of [3, 3, 0, 0]) await set(runners);
      expect(await wanted()).toBe(0);
    });

    test('what runs is counted in whole numbers', async () => {
      const { running } = await subject.provisioner.read(subject.pool);
      expect(Number.isInteger(running) && running >= 0).toBe(true);
    });

    test.each([1e6, 1e9, Number.MAX_SAFE_INTEGER])(
      'of %d runners as many are asked for as the pool may have',
      async (runners) => {
        await set(1);
        await set(runners);
        expect(await wanted()).toBe(subject.cap);
      },
    );

    test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 1.5])(
      'what is no count is refused, and changes nothing: %d',
      async (runners) => {
        await set(2);
        await expect(set(runners)).rejects.toThrow(RangeError);
        expect(await wanted()).toBe(2);
      },
    );

    test('a pool that nobody knows is refused by its name', async () => {
      const { provisioner, unknown } = subject;
      if (unknown === undefined) return;
      await expect(provisioner.read(unknown)).rejects.toThrow(unknown);
      await expect(provisioner.set(unknown, 1)).rejects.toThrow(unknown);
    });
  });
}
