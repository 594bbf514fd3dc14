/** Which inserts the fan-out is told of: sort keys that begin with one of these. */
export { feedPrefixes } from '../../src/engine/items.ts';
