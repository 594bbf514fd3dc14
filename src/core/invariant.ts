/** A condition that only a bug of ours can break: stops the work at hand with what was expected. */
export function invariant(condition: unknown, expected: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${expected}`);
}
