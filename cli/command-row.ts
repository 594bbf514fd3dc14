import type { Act } from './command.ts';

export type OptionRow = readonly [
  flags: string,
  description: string,
  parse?: (value: string, before: unknown) => unknown,
];

export interface CommandRow {
  /** In commander's form: name, `<required>`, `[optional]`, `<many...>`. */
  readonly usage: string;
  readonly summary: string;
  readonly options?: readonly OptionRow[];
  readonly help?: string;
  /** What it works with: a server that somebody named or the one of a data folder, only the folder, or neither. */
  readonly on: 'server' | 'folder' | 'files';
  readonly load: () => Promise<Act>;
}
