/** The calls that a caller makes into memory adapters, by name. `feed.batch`, `feed.done`: around a handler's batch. */
export const sites = [
  'table.get',
  'table.get-many',
  'table.query',
  'table.put',
  'table.put-many',
  'table.remove',
  'table.index',
  'feed.batch',
  'feed.done',
  'queue.send',
  'queue.take',
  'queue.extend',
  'queue.remove',
  'queue.depth',
  'blobs.put',
  'blobs.get',
  'blobs.has',
  'blobs.renew',
  'logs.append',
  'logs.read',
  'provisioner.read',
  'provisioner.set',
] as const;
export type Site = (typeof sites)[number];

/**
 * What one caller's calls pass on their way into a memory adapter. It decides when a call is applied, whether its
 * answer arrives, and whether its caller lives to see it. Whatever it decides is within the promises of the ports.
 *
 * `about` is what the call was about, for traces.
 */
export interface Gate {
  pass<T>(site: Site, apply: () => T, about: unknown): Promise<T>;
  /** A call that stands for `count` smaller ones, each alone: they may be applied in any order, in part, and apart. */
  passEach<T>(site: Site, count: number, apply: (index: number) => T, about: unknown): Promise<T[]>;
  /** Resolves after `ms`, or as soon as the function given to `listen` is called. `listen` returns how to stop. */
  wait(ms: number, listen: (wake: () => void) => () => void): Promise<void>;
  /** Calls back once when the caller is dead: never, for one that ends with its process. Returns how to forget it. */
  onDeath(call: () => void): () => void;
}

/** Everything is applied at once, and answered. */
export const openGate: Gate = {
  async pass(_site, apply) {
    return apply();
  },
  async passEach(_site, count, apply) {
    return Array.from({ length: count }, (_, index) => apply(index));
  },
  wait(ms, listen) {
    return new Promise((resolve) => {
      // Whoever is listened to may call back at once.
      let stop = (): void => undefined;
      const end = () => {
        clearTimeout(timer);
        stop();
        resolve();
      };
      const timer = setTimeout(end, ms);
      stop = listen(end);
    });
  },
  onDeath: () => () => {},
};
