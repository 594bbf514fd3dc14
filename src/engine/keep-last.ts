/**
 * Forgets the entries that were set first, a quarter of them at a time: after removing them one by one, a Map takes long
 * to find its first one.
 */
export function keepLast<K>(map: Map<K, unknown>, max: number): void {
  if (map.size <= max + (max >> 2)) return;
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
}
