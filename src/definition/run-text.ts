import {
  type FunctionLanguage,
  functionFacts,
  functionLanguages,
  type Language,
  languageFacts,
  languages,
} from '../contract/language.ts';
import type { PlainRun, Run } from '../contract/workflow.ts';

const languageByEnding: ReadonlyMap<string, Language> = new Map(
  languages.flatMap((language) =>
    languageFacts[language].endings.map((ending) => [ending, language] as const),
  ),
);
/** As a list for texts: `.mjs .js …`. */
export const knownEndings = [...languageByEnding.keys()].map((ending) => `.${ending}`).join(' ');

/** Whether a warm process of it can do more than one call at a time. */
export const runsSideBySide = (run: Run): boolean =>
  (run.kind === 'function' || run.kind === 'snippet') && functionFacts[run.language].sideBySide;

const ableLanguages = functionLanguages.filter((language) => functionFacts[language].sideBySide);
export const concurrencyHint = `"concurrency" has an effect only on functions and code in ${ableLanguages.join(', ')}`;

/** The language that a file's name says; undefined when it says none. */
export function languageOf(path: string): Language | undefined {
  const ending = /\.([a-z]+)$/.exec(path)?.[1];
  return ending === undefined ? undefined : languageByEnding.get(ending);
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
const inFile =
  /^([^#\r\n]+?\.[a-z]+)(?:[#:]([\p{L}_$][\p{L}\p{N}_$]*(?:(?:\.|::|\\)[\p{L}_$][\p{L}\p{N}_$]*)*))?$/u;

/**
 * `tasks/clean.mjs#clean`, `clean.py:clean` or `bin/worker#resize`; without a name, the language's own, such as
 * `default` of a module.
 */
export function parseFunctionText(text: string): FunctionName | undefined {
  const [, program, called] = inProgram.exec(text) ?? [];
  if (program !== undefined && called !== undefined)
    return { path: program, language: 'binary', name: called };
  const match = inFile.exec(text);
  const path = match?.[1];
  const language = path === undefined ? undefined : languageOf(path);
  if (path === undefined || language === undefined) return undefined;
  return { path, language, name: match?.[2] ?? functionFacts[language].entry };
}
