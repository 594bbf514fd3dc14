import type { Interpreters } from '../program-order.ts';

/** Where one installation is made. */
export interface Site {
  /** The folder that stays: its manifests, or all of the code, lie in it. */
  readonly folder: string;
  /** What tools keep of what they have downloaded; all installations of this machine share it. */
  readonly downloads: string;
  /** The names of the files in `folder`. */
  readonly files: ReadonlySet<string>;
  readonly interpreters: Pick<Interpreters, 'node' | 'python'>;
}

export interface Command {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** How a task finds what was installed. */
export interface Sight {
  /** Lists such as PATH: what stands here comes first. */
  readonly lists?: Readonly<Record<string, readonly string[]>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Names that the code's folder lacks, and that lead to what was installed under the same name. */
  readonly links?: readonly string[];
}

export interface Recipe {
  /** The language whose tasks use it. Programs and shell lines use all. */
  readonly language: string;
  readonly manifest: string;
  /** Files that pin what the manifest leaves open; those that are there count. */
  readonly locks: readonly string[];
  /** The program without which there is nothing to install with. */
  readonly tool: string;
  /** Prints what the installed has to fit, beside the machine. */
  readonly runtime?: (interpreters: Site['interpreters']) => readonly string[];
  /** It is made of the code itself, not only of what the manifests name. */
  readonly builds?: true;
  /** How manifests and locks name other files of the code: then these count too. */
  readonly namesFiles?: RegExp;
  /** What it has downloaded bears only one of it at a time. */
  readonly alone?: true;
  readonly commands: (site: Site) => readonly Command[];
  readonly sees: (folder: string, downloads: string) => Sight;
}
