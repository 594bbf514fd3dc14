import { Problem } from '../contract/problem.ts';

/** `after` is none that a log sink gave. */
export const noLogPlace = (): Problem =>
  new Problem('input-invalid', 'after is not a cursor of this log');

/** Of a sink whose places are numbers. */
export function logPlace(cursor: string | undefined): number {
  const place = cursor === undefined ? 0 : Number(cursor);
  if (!Number.isSafeInteger(place) || place < 0) throw noLogPlace();
  return place;
}
