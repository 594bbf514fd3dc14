import { type Answer, type ClaimRow, mergeClaims, type Wish } from '../core/claim.ts';
import { asData, claimBlockTasks, claimKey } from '../engine/items.ts';
import type { AttemptName } from '../engine/lost.ts';
import { mayPass } from '../engine/passing.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { Ports } from '../ports/ports.ts';
import type { Item, Put } from '../ports/table.ts';

export interface Claims {
  /**
   * Claims attempts, one answer each, in order. Goes on trying while the table does not answer: an attempt whose claim
   * may have landed must not be forgotten.
   */
  claim(attempts: readonly AttemptName[], owner: string): Promise<readonly Answer[]>;
}

interface Block {
  readonly run: string;
  readonly number: number;
  readonly indexes: number[];
  readonly wishes: Wish[];
}

const blocksKept = 5000;
const retryMs = 50;

/** Claims of tasks with neighbouring numbers are one write. */
export function createClaims(
  ports: Pick<Ports, 'table' | 'clock' | 'ids'>,
  settings: EngineSettings,
): Claims {
  const known = new Map<string, Item>();
  const learn = (name: string, item: Item | undefined): void => {
    known.delete(name);
    if (item === undefined) return;
    known.set(name, item);
    if (known.size > blocksKept) known.delete(known.keys().next().value as string);
  };

  const tryBlocks = async (
    blocks: readonly Block[],
    claimer: Parameters<typeof mergeClaims>[1],
    answers: Answer[],
  ): Promise<Block[]> => {
    const puts: Put[] = [];
    const putting: Block[] = [];
    for (const block of blocks) {
      const key = claimKey(settings.namespace, block.run, block.number);
      const before = known.get(nameOf(block));
      const standing = (before?.data.claims ?? []) as unknown as readonly ClaimRow[];
      const merged = mergeClaims(standing, claimer, block.wishes);
      for (const [i, index] of block.indexes.entries())
        answers[index] = merged.answers[i] as Answer;
      if (merged.rows === undefined) continue;
      const version = (before?.version ?? 0) + 1;
      const item = { ...key, version, data: asData({ claims: merged.rows }) };
      puts.push({ item, condition: before ? { version: before.version } : 'absent' });
      putting.push(block);
    }
    if (puts.length === 0) return [];
    const results = await ports.table.putMany(puts);
    return putting.filter((block, i) => {
      const result = results[i];
      learn(nameOf(block), result?.done ? (puts[i] as Put).item : result?.found);
      return result?.done !== true;
    });
  };

  const claimBlocks = async (blocks: readonly Block[], owner: string, answers: Answer[]) => {
    const claimer = { owner, nonce: ports.ids.next(), at: ports.clock.now() };
    let open = blocks;
    while (open.length > 0) {
      try {
        open = await tryBlocks(open, claimer, answers);
      } catch (error) {
        if (!mayPass(error)) throw error;
        for (const block of open) learn(nameOf(block), undefined);
        await ports.clock.sleep(retryMs);
      }
    }
  };

  /** The last call for each block. One at a time: then each call finds what the one before was granted confirmed. */
  const busy = new Map<string, Promise<unknown>>();
  const after = (blocks: readonly Block[]): Promise<unknown> | undefined => {
    const before = blocks.flatMap((block) => busy.get(nameOf(block)) ?? []);
    return before.length === 0 ? undefined : Promise.allSettled(before);
  };

  return {
    async claim(attempts, owner) {
      const answers: Answer[] = new Array(attempts.length);
      const blocks = blocksOf(attempts);
      const before = after(blocks);
      const mine =
        before === undefined
          ? claimBlocks(blocks, owner, answers)
          : before.then(() => claimBlocks(blocks, owner, answers));
      for (const block of blocks) busy.set(nameOf(block), mine);
      try {
        await mine;
      } finally {
        for (const block of blocks)
          if (busy.get(nameOf(block)) === mine) busy.delete(nameOf(block));
      }
      return answers;
    },
  };
}

const nameOf = (block: Block): string => `${block.run}#${block.number}`;

function blocksOf(attempts: readonly AttemptName[]): Block[] {
  const blocks = new Map<string, Block>();
  for (const [index, { run, task, attempt }] of attempts.entries()) {
    const number = Math.floor(task / claimBlockTasks);
    const name = `${run}#${number}`;
    let block = blocks.get(name);
    if (block === undefined) {
      block = { run, number, indexes: [], wishes: [] };
      blocks.set(name, block);
    }
    block.indexes.push(index);
    block.wishes.push({ place: task % claimBlockTasks, attempt });
  }
  return [...blocks.values()];
}
