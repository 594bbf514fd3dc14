/** A list that is read a page at a time, as far as one looks. */
import { type Signal, signal } from '@preact/signals';
import type { PageOf } from '../../src/contract/api.ts';
import { messageOf } from './server.ts';

export interface Pages<T> {
  readonly items: Signal<readonly T[]>;
  readonly isDone: Signal<boolean>;
  readonly problem: Signal<string | undefined>;
  /** Reads the next page, unless one is on its way. */
  more(): Promise<void>;
  /** Reads anew what has been read, in as few pages as it takes. */
  renew(): Promise<void>;
}

type Read<T> = (after: string | undefined, limit: number) => Promise<PageOf<T>>;

const PAGE = 100;
const PAGE_MAX = 1000;

export function pagesOf<T>(read: Read<T>): Pages<T> {
  const items = signal<readonly T[]>([]);
  const isDone = signal(false);
  const problem = signal<string | undefined>(undefined);
  let next: string | undefined;
  let busy = false;
  const alone = async (work: () => Promise<void>): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      await work();
      problem.value = undefined;
    } catch (error) {
      problem.value = messageOf(error);
    } finally {
      busy = false;
    }
  };
  const take = (page: PageOf<T>, before: readonly T[]): void => {
    items.value = [...before, ...page.items];
    next = page.next ?? undefined;
    isDone.value = page.next === null;
  };
  return {
    items,
    isDone,
    problem,
    more: () =>
      alone(async () => {
        if (!isDone.value) take(await read(next, PAGE), items.value);
      }),
    renew: () =>
      alone(async () => {
        const wanted = Math.min(PAGE_MAX, Math.max(PAGE, items.value.length));
        take(await read(undefined, wanted), []);
      }),
  };
}
