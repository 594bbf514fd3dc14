export function harnessFiles(): readonly string[];
/** Returns the sources it read; undefined when there is no bundler. */
export function bundle(
  folder: string,
  entryPoints: readonly { readonly in: string; readonly out: string }[],
): Promise<readonly string[] | undefined>;
