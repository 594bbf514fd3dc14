/** What is said of a language whose files can be told by their endings. */
interface LanguageFacts {
  readonly endings: readonly string[];
  /** The function that is meant where none is named. */
  readonly entry: string;
  /** Whether one warm process can do more than one call at a time. */
  readonly sideBySide: boolean;
}

/** The languages of scripts and of functions in files. Their harnesses are in `runtime-images/<language>`. */
export const languageFacts = {
  node: { endings: ['mjs', 'js', 'cjs', 'ts'], entry: 'default', sideBySide: true },
  python: { endings: ['py'], entry: 'main', sideBySide: true },
  shell: { endings: ['sh', 'bash'], entry: 'main', sideBySide: false },
  perl: { endings: ['pl'], entry: 'main', sideBySide: false },
  ruby: { endings: ['rb'], entry: 'main', sideBySide: false },
  php: { endings: ['php'], entry: 'main', sideBySide: false },
  java: { endings: ['java', 'jar'], entry: 'run', sideBySide: true },
} as const satisfies Record<string, LanguageFacts>;

export type Language = keyof typeof languageFacts;
export const languages = Object.keys(languageFacts) as [Language, ...Language[]];

/** `binary`: the file is a program that was compiled with one of the SDKs, and is its own warm process. */
export const functionFacts = {
  ...languageFacts,
  binary: { endings: [], entry: 'main', sideBySide: true },
} as const satisfies Record<string, LanguageFacts>;
export type FunctionLanguage = keyof typeof functionFacts;
export const functionLanguages = Object.keys(functionFacts) as [
  FunctionLanguage,
  ...FunctionLanguage[],
];

/** The languages of code in the definition itself. */
export const snippetLanguages = ['node', 'python', 'shell'] as const;
export type SnippetLanguage = (typeof snippetLanguages)[number];
