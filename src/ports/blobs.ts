/** Where to send bytes with one `PUT`: these headers, and nothing else that identifies the caller. */
export interface Upload {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Bytes under the SHA-256 of their content, in hexadecimal. Immutable; the same bytes twice are stored once. */
export interface Blobs {
  /** Durable when answered. */
  put(bytes: Uint8Array): Promise<string>;
  /** Undefined when there is none. Throws `Problem` `data-damaged`, naming the blob, when the content no longer fits its hash. */
  get(hash: string): Promise<Uint8Array | undefined>;
  has(hash: string): Promise<boolean>;
  /** As `put`, with the bytes of a file, which is read in parts: it may be larger than memory. */
  putFile(path: string): Promise<string>;
  /**
   * As `get`, in parts. That the content fits its hash is known at its end: only what came to its end without a throw is
   * the blob.
   */
  read(hash: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Where blobs leave that were not put for long, this one counts as put now. Nothing happens when there is none. */
  renew(hash: string): Promise<void>;
  /**
   * Where somebody else may put the bytes of this hash, for some minutes, past this process; bytes of another hash are
   * refused there. Undefined: there is no such place, they come by `put`.
   */
  uploadTo(hash: string): Promise<Upload | undefined>;
  /**
   * An address where somebody else gets the bytes of this hash with a plain `GET`, for some minutes, past this process.
   * Undefined: there is no such place, they go by `read`.
   */
  downloadFrom(hash: string): Promise<string | undefined>;
}
