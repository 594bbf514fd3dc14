import type { FunctionLanguage, Language, PlainRun } from '../contract/workflow.ts';

const languages: Readonly<Record<string, Language>> = {
  py: 'python',
  mjs: 'node',
  js: 'node',
  cjs: 'node',
  ts: 'node',
  sh: 'shell',
};

/** The language that a file's name says; undefined when it says none. */
export function languageOf(path: string): Language | undefined {
  const ending = /\.([a-z]+)$/.exec(path)?.[1];
  return ending !== undefined && Object.hasOwn(languages, ending) ? languages[ending] : undefined;
}

/** Words of a line, apart at blanks, with plain quotes; only where nothing in it needs a shell. */
const shellWord = /(?:[^\s'"\\|&;<>()$`*?[\]#~{}!]+|'[^']*'|"[^"\\$`!]*")+/y;

/**
 * `tasks/clean.py --fast` is a script with its arguments; what does not begin with a file of a known language, or needs
 * a shell (pipes, variables, …), is a line for the shell.
 */
export function parseRunText(text: string): PlainRun {
  const [path, ...args] = wordsOf(text) ?? [];
  const language = path === undefined ? undefined : languageOf(path);
  if (path === undefined || language === undefined) return { kind: 'shell', line: text };
  return { kind: 'script', language, path, ...(args.length > 0 && { args }) };
}

function wordsOf(text: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at] as string)) {
      at++;
      continue;
    }
    shellWord.lastIndex = at;
    const word = shellWord.exec(text)?.[0];
    if (word === undefined) return undefined;
    at += word.length;
    if (at < text.length && !/\s/.test(text[at] as string)) return undefined;
    words.push(word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));
  }
  return words;
}

export interface FunctionName {
  readonly path: string;
  readonly name: string;
  readonly language: FunctionLanguage;
}

/** A program, which has no ending, and a function in it: `bin/worker#resize`. */
const inProgram = /^((?:[^#\r\n]*\/)?[^#\r\n/.]+)#([\p{L}_$][\p{L}\p{N}_$.]*)$/u;

/**
 * `tasks/clean.mjs#clean`, `clean.py:clean` or `bin/worker#resize`; without a name, `default` of a module and `main` in
 * Python.
 */
export function parseFunctionText(text: string): FunctionName | undefined {
  const [, program, called] = inProgram.exec(text) ?? [];
  if (program !== undefined && called !== undefined)
    return { path: program, language: 'binary', name: called };
  const match = /^([^#\r\n]+?\.(?:mjs|cjs|js|ts|py))(?:[#:]([\p{L}_$][\p{L}\p{N}_$.]*))?$/u.exec(
    text,
  );
  const path = match?.[1];
  const language = path === undefined ? undefined : languageOf(path);
  if (path === undefined || language === undefined || language === 'shell') return undefined;
  return { path, language, name: match?.[2] ?? functionDefault[language] };
}

export const functionDefault = { node: 'default', python: 'main', binary: 'main' } as const;
