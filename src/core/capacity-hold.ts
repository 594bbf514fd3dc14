/** So many runners stay until then, although fewer may be needed. */
export interface Hold {
  readonly runners: number;
  readonly until: number;
}

/** The holds with one more. Kept are those that no other outlasts with as many runners: more runners, shorter. */
export function withHold(holds: readonly Hold[], hold: Hold, now: number): readonly Hold[] {
  if (hold.runners <= 0 || hold.until <= now) return holds.filter(({ until }) => until > now);
  const above = holds.filter(
    ({ runners, until }) => until > now && (runners > hold.runners || until > hold.until),
  );
  const isOutlasted = above.some(
    ({ runners, until }) => runners >= hold.runners && until >= hold.until,
  );
  return isOutlasted
    ? above
    : above
        .filter(({ runners, until }) => runners > hold.runners || until > hold.until)
        .concat(hold);
}

/** What the holds ask for now. */
export const heldRunners = (holds: readonly Hold[], now: number): number =>
  holds.reduce((most, { runners, until }) => (until > now ? Math.max(most, runners) : most), 0);
