/** What can be typed, taken from the parser itself, so that completion knows what `--help` knows. */
import type { Command } from 'commander';

export interface OptionWord {
  /** Long form first. */
  readonly names: readonly string[];
  readonly summary: string;
  readonly takesValue: boolean;
}

/** A command, or a word that has commands under it. */
export interface CommandWord {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionWord[];
  /** Of its positional arguments. */
  readonly arguments: readonly string[];
  readonly commands: readonly CommandWord[];
}

export const wordOf = (command: Command): CommandWord => ({
  name: command.name(),
  summary: command.description(),
  options: command.options.map(({ long, short, description, required, optional }) => ({
    names: [long, short].filter((name) => name != null),
    summary: description,
    takesValue: required || optional,
  })),
  arguments: command.registeredArguments.map((one) => one.name()),
  commands: command.commands.map((one) => wordOf(one as Command)),
});
