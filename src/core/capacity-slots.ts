/**
 * How many slots let at most `share` of the tasks wait longer than `acceptableMs`, if they come by chance and `offered`
 * of them would run at once if none waited.
 *
 * Halfin and Whitt's approximation of Erlang's C: the slack that is needed grows with the root of the load, and hardly
 * any is needed where a task may wait longer than it takes.
 */
export function slotsFor(
  offered: number,
  serviceMs: number,
  acceptableMs: number,
  share: number,
): number {
  if (offered <= 0) return 0;
  const root = Math.sqrt(offered);
  let low = 0;
  let high = SLACK_MAX;
  for (let n = 0; n < HALVINGS; n++) {
    const middle = (low + high) / 2;
    const late = waits(middle) * Math.exp((-middle * root * acceptableMs) / serviceMs);
    if (late > share) low = middle;
    else high = middle;
  }
  return offered + high * root;
}

const SLACK_MAX = 8;
const HALVINGS = 20;

/** The share of tasks that wait at all, with so many roots of the load as slack. */
const waits = (slack: number): number => 1 / (1 + (slack * normalBelow(slack)) / density(slack));

const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** The normal distribution's share below `x`, for x of 0 or more, to five digits (Abramowitz and Stegun 26.2.16). */
function normalBelow(x: number): number {
  const t = 1 / (1 + 0.33267 * x);
  return 1 - density(x) * t * (0.4361836 + t * (-0.1201676 + t * 0.937298));
}
