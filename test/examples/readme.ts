/** The examples of README.md: its fenced blocks, and what its console blocks say that one sees. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './cli.ts';

export const readme = readFileSync(join(root, 'README.md'), 'utf8');

export interface Block {
  readonly language: string;
  readonly text: string;
  /** The file that it is, by the comment in its first line. */
  readonly file: string | undefined;
}

export const blocks: readonly Block[] = Array.from(
  readme.matchAll(/^```(\w*)\n(.*?)^```$/gms),
  ([, language = '', text = '']) => ({
    language,
    text,
    file: /^(?:#|\/\/) ([\w./-]+\.\w+)\n/.exec(text)?.[1],
  }),
);

export interface Command {
  readonly line: string;
  /** Matches what is printed, if the README shows it. */
  readonly prints: RegExp | undefined;
}

export const commands: readonly Command[] = blocks
  .filter(({ language }) => language === 'console')
  .flatMap(({ text }) => text.split(/^\$ /m).slice(1))
  .map((part) => {
    const [line = '', ...shown] = part.trimEnd().split('\n');
    return { line, prints: shown.length === 0 ? undefined : patternOf(shown) };
  });

/** A line of three dots stands for any lines, three dots in a line for any text; ids, times and ports differ. */
function patternOf(lines: readonly string[]): RegExp {
  const parts = lines.map((line) => {
    if (line === '...') return '(?:.*\\n)*?';
    const text = line
      .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
      .replaceAll('\\.\\.\\.', '.*')
      .replace(/\b0[0-9A-HJKMNP-TV-Z]{25}\b/g, '[0-9A-Z]{26}')
      .replace(/\b\d+\\\.\d s\b/g, '[\\d.]+ (?:s|min).*?')
      .replace(/:7420\b/g, ':\\d+');
    return `${text}\\n`;
  });
  return new RegExp(`^${parts.join('')}$`);
}
