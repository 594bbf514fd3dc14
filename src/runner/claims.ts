import { type Answer, type Claimer, type ClaimRow, mergeClaims, type Wish } from '../core/claim.ts';
import { asData, claimBlock, claimKey, claimPlace } from '../engine/items.ts';
import { keepLast } from '../engine/keep-last.ts';
import type { AttemptName } from '../engine/lost.ts';
import { mayPass } from '../engine/passing.ts';
import { looseExpiry } from '../engine/retention.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { Ports } from '../ports/ports.ts';
import type { Item, Key, Put } from '../ports/table.ts';

export interface Claims {
  /**
   * Claims attempts, one answer each, in order. Goes on trying while the table does not answer: an attempt whose claim
   * may have landed must not be forgotten.
   */
  claim(attempts: readonly AttemptName[], owner: string): Promise<readonly Answer[]>;
}

interface Block {
  readonly key: Key;
  readonly name: string;
  readonly indexes: number[];
  readonly wishes: Wish[];
}

const blocksKept = 5000;
const retryMs = 50;

type Needs = Pick<Ports, 'table' | 'clock' | 'ids'>;

/** Claims of tasks with neighbouring numbers are one write. */
export function createClaims(ports: Needs, settings: EngineSettings): Claims {
  return new BlockClaims(ports, settings);
}

class BlockClaims implements Claims {
  readonly #ports: Needs;
  readonly #settings: EngineSettings;
  /** Blocks as they were last seen. What is not current is refused, and seen anew. */
  readonly #known = new Map<string, Item>();
  /** The last call for each block. One at a time: then each call finds what the one before was granted confirmed. */
  readonly #busy = new Map<string, Promise<unknown>>();

  constructor(ports: Needs, settings: EngineSettings) {
    this.#ports = ports;
    this.#settings = settings;
  }

  async claim(attempts: readonly AttemptName[], owner: string): Promise<readonly Answer[]> {
    const answers: Answer[] = new Array(attempts.length);
    const blocks = blocksOf(this.#settings.namespace, attempts);
    const before = blocks.flatMap(({ name }) => this.#busy.get(name) ?? []);
    const act = (): Promise<void> => this.#claimBlocks(blocks, owner, answers);
    const mine = before.length === 0 ? act() : Promise.allSettled(before).then(act);
    for (const { name } of blocks) this.#busy.set(name, mine);
    try {
      await mine;
    } finally {
      for (const { name } of blocks) if (this.#busy.get(name) === mine) this.#busy.delete(name);
    }
    return answers;
  }

  async #claimBlocks(blocks: readonly Block[], owner: string, answers: Answer[]): Promise<void> {
    const { ids, clock } = this.#ports;
    const claimer = { owner, nonce: ids.next(), at: clock.now() };
    let open = blocks;
    while (open.length > 0) {
      try {
        open = await this.#tryBlocks(open, claimer, answers);
      } catch (error) {
        if (!mayPass(error)) throw error;
        for (const { name } of open) this.#known.delete(name);
        await clock.sleep(retryMs);
      }
    }
  }

  /** Returns the blocks that somebody else has changed meanwhile. */
  async #tryBlocks(
    blocks: readonly Block[],
    claimer: Claimer,
    answers: Answer[],
  ): Promise<readonly Block[]> {
    const puts: Put[] = [];
    const putting: Block[] = [];
    for (const block of blocks) {
      const put = this.#putFor(block, claimer, answers);
      if (put === undefined) continue;
      puts.push(put);
      putting.push(block);
    }
    if (puts.length === 0) return [];
    const results = await this.#ports.table.putMany(puts);
    return putting.filter(({ name }, i) => {
      const result = results[i];
      this.#learn(name, result?.done ? (puts[i] as Put).item : result?.found);
      return result?.done !== true;
    });
  }

  /** Undefined when nothing of the block is to be had. */
  #putFor(block: Block, claimer: Claimer, answers: Answer[]): Put | undefined {
    const before = this.#known.get(block.name);
    const standing = (before?.data.claims ?? []) as unknown as readonly ClaimRow[];
    const merged = mergeClaims(standing, claimer, block.wishes);
    for (const [i, index] of block.indexes.entries()) answers[index] = merged.answers[i] as Answer;
    if (merged.rows === undefined) return undefined;
    const version = (before?.version ?? 0) + 1;
    const expiry = looseExpiry(this.#settings.retention, claimer.at);
    const item = { ...block.key, version, data: asData({ claims: merged.rows }), ...expiry };
    return { item, condition: before ? { version: before.version } : 'absent' };
  }

  #learn(name: string, item: Item | undefined): void {
    this.#known.delete(name);
    if (item === undefined) return;
    this.#known.set(name, item);
    keepLast(this.#known, blocksKept);
  }
}

function blocksOf(namespace: string, attempts: readonly AttemptName[]): Block[] {
  const blocks = new Map<string, Block>();
  for (const [index, { run, task, attempt }] of attempts.entries()) {
    const name = claimBlock(run, task);
    let block = blocks.get(name);
    if (block === undefined) {
      block = { key: claimKey(namespace, run, task), name, indexes: [], wishes: [] };
      blocks.set(name, block);
    }
    block.indexes.push(index);
    block.wishes.push({ place: claimPlace(run, task), attempt });
  }
  return [...blocks.values()];
}
