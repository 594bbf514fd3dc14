/**
 * Does `work` with each, so many at a time, and answers in order. When some throw, the others are done all the same,
 * and the first error is thrown once all are.
 */
export async function inParallel<T, R>(
  list: readonly T[],
  most: number,
  work: (one: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(list.length);
  const errors: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < list.length) {
      const index = next++;
      try {
        results[index] = await work(list[index] as T, index);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, list.length) }, worker));
  if (errors.length > 0) throw errors[0];
  return results;
}

/** Parts of at most `size`. */
export function partsOf<T>(list: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < list.length; at += size) parts.push(list.slice(at, at + size));
  return parts;
}
