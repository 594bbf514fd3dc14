/** Words of images that hold task types: how they are labelled, named and told of. */
import * as z from 'zod';
import { namePattern, type Task } from './workflow.ts';

/** Labels of an image that begin so are ours; each must be one that is known. */
export const labelPrefix = 'dev.fanfold.';
/** Before a task type's name; the value is a task as authors write it, in YAML or JSON. */
export const taskLabel = `${labelPrefix}task.`;
export const taskTypesMax = 100;
export const labelBytesMax = 100_000;

const digestPattern = /^sha256:[0-9a-f]{64}$/;
export const ImageDigest = z
  .string()
  .regex(digestPattern, 'expected sha256: and 64 hexadecimal digits');

/** What a registry, or who watches one, says of an image that was pushed. */
export const ImagePush = z.strictObject({
  /** As its manifest has it. */
  digest: ImageDigest,
  repository: z.string().min(1).max(300),
  tag: z.string().min(1).max(128).optional(),
  /** Epoch ms; the newest push is what a type's name stands for. Default: now. */
  pushedAt: z.int().min(0).optional(),
  /** Of its configuration. */
  labels: z.record(z.string().max(300), z.string().max(labelBytesMax)).default({}),
});
export type ImagePush = z.infer<typeof ImagePush>;

/** What a task of an image is: a task without what belongs to the workflow that it is used in. */
export type TaskType = Task;

/** What was read from the labels of an image, or why it may not be used. */
export type ImageTypes = { readonly types: readonly TaskType[] } | { readonly why: string };

export interface ImageVersion {
  readonly pool: string;
  readonly digest: string;
  readonly repository: string;
  readonly tag?: string;
  readonly pushedAt: number;
  readonly state: 'accepted' | 'rejected';
  /** Why it was rejected. */
  readonly why?: string;
  /** Names of its task types. */
  readonly tasks: readonly string[];
}

/** Of a pool: the image whose types new runs get, and what was pushed last, which may have been rejected. */
export interface ImageSummary {
  readonly pool: string;
  readonly current?: ImageVersion;
  readonly last: ImageVersion;
}

export interface ImageView extends ImageSummary {
  /** The current image's task types. */
  readonly types: readonly TaskType[];
  /** All that was pushed, newest first. */
  readonly versions: readonly ImageVersion[];
}

export interface TypeName {
  readonly pool: string;
  readonly type: string;
  /** Of the image, or the beginning of it. Without one: what was pushed last. */
  readonly digest?: string;
}

/** `pool/type`, or that with `@sha256:` and a digest or the beginning of one; undefined: it is none. */
export function typeNameOf(image: string): TypeName | undefined {
  const [, pool = '', type = '', digest] =
    /^([^/@]+)\/([^/@]+)(?:@(sha256:[0-9a-f]{7,64}))?$/.exec(image) ?? [];
  if (!namePattern.test(pool) || !namePattern.test(type)) return undefined;
  return digest === undefined ? { pool, type } : { pool, type, digest };
}

/** Whether it names one image for good, as tasks of runs do. */
export const isPinned = ({ digest }: TypeName): boolean =>
  digest !== undefined && digestPattern.test(digest);
