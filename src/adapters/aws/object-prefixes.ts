/** What the keys of a bucket's objects begin with, so that a rule of the bucket can name them. */
export const objectPrefixes = {
  blobs: 'blobs/',
  /** Bodies that are too large for a message. */
  messages: 'messages/',
  logs: 'logs/',
} as const;
