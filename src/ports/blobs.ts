/** Bytes under the SHA-256 of their content, in hexadecimal. Immutable; the same bytes twice are stored once. */
export interface Blobs {
  /** Durable when answered. */
  put(bytes: Uint8Array): Promise<string>;
  /** Undefined when there is none. Throws `Problem` `data-damaged`, naming the blob, when the content no longer fits its hash. */
  get(hash: string): Promise<Uint8Array | undefined>;
  has(hash: string): Promise<boolean>;
}
