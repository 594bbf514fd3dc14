/** What Node says of an error of the system, as `ENOENT`. By shape: errors of another realm are no `Error` of ours. */
export const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

/** The disk, or the part of it that we may use, is full. */
export const isNoSpace = (error: unknown): boolean =>
  codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT';
