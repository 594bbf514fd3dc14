/** Does `work` again and again, `ms` after it ended the last time. Returns how to stop, once work at hand is done. */
export function every(
  ms: number,
  trouble: (message: string) => void,
  work: () => Promise<void>,
): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let atWork: Promise<void> = Promise.resolve();
  const again = (): void => {
    timer = setTimeout(() => {
      atWork = work()
        .catch((error: unknown) => trouble(error instanceof Error ? error.message : String(error)))
        .finally(() => {
          if (!stopped) again();
        });
    }, ms);
    timer.unref();
  };
  again();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await atWork;
  };
}
