/** Files that an attempt leaves for others. */

export interface Artifact {
  /** Below the folder that it was left in, with `/`. */
  readonly path: string;
  /** SHA-256 of its content, under which it lies among the blobs. */
  readonly blob: string;
  /** In bytes. */
  readonly size: number;
  readonly executable?: true;
}

/** In place when it is short, else a blob of its JSON. */
export type StoredArtifactList =
  | { readonly value: readonly Artifact[] }
  | { readonly blob: string; readonly size: number };

/** All that one attempt has left, as its report has it. */
export interface StoredArtifacts {
  readonly count: number;
  readonly bytes: number;
  readonly list: StoredArtifactList;
}

/** What a need has left for a task. */
export interface NeededArtifacts {
  /** Where it is laid: the need's id; of a map's sub-task, with its place in the list: `split/3`. */
  readonly folder: string;
  readonly list: StoredArtifactList;
}

export interface ArtifactLimits {
  readonly files: number;
  /** Of one file. */
  readonly fileBytes: number;
  /** Of all of an attempt's. */
  readonly bytes: number;
}

const GB = 1024 ** 3;

/** A file is one object, put in one call: S3 takes 5 GB. */
export const artifactLimits: ArtifactLimits = {
  files: 10_000,
  fileBytes: 5 * GB,
  bytes: 50 * GB,
};
