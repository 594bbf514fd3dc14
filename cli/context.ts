import { resolve } from 'node:path';
import pc from 'picocolors';
import { createLive, type Live } from './render/live.ts';
import type { Output, Shell } from './shell.ts';

/** Options that every command has. */
export interface Flags {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
  readonly url?: string;
  /** Of the AWS command line. */
  readonly profile?: string;
  readonly data?: string;
}

export type Paint = ReturnType<typeof pc.createColors>;

/** What a command works with. */
export interface Context {
  readonly shell: Shell;
  readonly flags: Flags;
  /** Colours for stdout and for stderr, or functions that leave text as it is. */
  readonly paint: Paint;
  readonly paintNotes: Paint;
  readonly dataFolder: string;
  /** A line of the command's answer, for people. Not printed with --json. */
  say(line: string): void;
  /** The command's answer, or one line of it if it is a stream, as JSON. Printed with --json only. */
  sayJson(value: unknown): void;
  /** What moves on stderr while a run is followed. */
  readonly picture: Live;
  /** A line beside the answer, on stderr; above the picture, if there is one. */
  note(line: string): void;
  path(given: string): string;
  /** A command as the reader can enter it where they are, for the same runs. */
  hint(command: string): string;
}

export const DATA_FOLDER = '.fanfold';

function hasColour(shell: Shell, flags: Flags, output: Output): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = shell.env;
  if (flags.color === false || (NO_COLOR ?? '') !== '') return false;
  if ((FORCE_COLOR ?? '') !== '' && FORCE_COLOR !== '0') return true;
  return output.isTTY && TERM !== 'dumb';
}

/** The options that said which runs are meant. */
function place({ url, profile, data }: Flags): string[] {
  const word = (text: string) =>
    /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  const as = profile === undefined ? [] : ['--profile', word(profile)];
  if (url !== undefined) return ['--url', word(url), ...as];
  return data === undefined ? [] : ['--data', word(data)];
}

export function createContext(shell: Shell, flags: Flags): Context {
  const json = flags.json === true;
  const picture = createLive(shell.stderr);
  const path = (given: string) => resolve(shell.cwd, given);
  return {
    shell,
    flags,
    paint: pc.createColors(hasColour(shell, flags, shell.stdout)),
    paintNotes: pc.createColors(hasColour(shell, flags, shell.stderr)),
    dataFolder: path(flags.data ?? shell.env.FANFOLD_DATA ?? DATA_FOLDER),
    say: (line) => {
      if (!json) shell.stdout.write(`${line}\n`);
    },
    sayJson: (value) => {
      if (json) shell.stdout.write(`${JSON.stringify(value)}\n`);
    },
    picture,
    note: (line) => {
      if (flags.quiet === true) return;
      picture.clear();
      shell.stderr.write(`${line}\n`);
    },
    path,
    hint: (command) => [`npx fanfold ${command}`, ...place(flags)].join(' '),
  };
}
