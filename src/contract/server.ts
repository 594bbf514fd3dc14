/** How a server is, as it tells it itself. */
export interface ServerView {
  /** Of Fanfold; left out where nobody told it. */
  readonly version?: string;
  readonly node: string;
  /** By its clock, epoch ms. */
  readonly at: number;
  /** Where its data is. */
  readonly disk: { readonly freeBytes: number; readonly totalBytes: number };
  /** Runs of which something cannot be decided, at most 100. */
  readonly stuck: readonly { readonly run: string; readonly reason: string }[];
  /** What is stored and no longer as it was written, at most 100. Files are named from the data folder on. */
  readonly damaged: readonly {
    readonly file: string;
    readonly place: string;
    readonly reason: string;
  }[];
  /** All that is stored was read for this. Else it is what was met since the server began. */
  readonly isWhole: boolean;
}
