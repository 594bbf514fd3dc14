/** Of all that is empty: most runs have no spawns and no retries, and many are in memory. */
const empty: ReadonlyMap<never, never> = new Map<never, never>();

export const emptyMap = <K, V>(): ReadonlyMap<K, V> => empty as ReadonlyMap<K, V>;

/** The map to write to and to keep in place of the given one, which is not to be used any more. */
export const toGrow = <K, V>(map: ReadonlyMap<K, V>): Map<K, V> =>
  (map as ReadonlyMap<never, never>) === empty ? new Map<K, V>() : (map as Map<K, V>);
