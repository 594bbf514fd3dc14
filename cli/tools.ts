/** What tasks may need of the machine that they run on. */
import { type Language, languages } from '../src/contract/language.ts';

export interface Tool {
  readonly name: string;
  readonly argv: readonly string[];
  /** What does not work without it. */
  readonly for: string;
}

/** Only `node` is always there: it is the one that runs us. */
const interpreters: Readonly<Record<Language, readonly string[]>> = {
  node: [process.execPath, '--version'],
  python: ['python3', '--version'],
  shell: ['bash', '--version'],
  perl: ['perl', '-e', 'print $^V'],
  ruby: ['ruby', '--version'],
  php: ['php', '--version'],
  java: ['java', '--version'],
};

const installers: readonly Tool[] = [
  { name: 'npm', argv: ['npm', '--version'], for: 'package.json' },
  { name: 'pip', argv: ['python3', '-m', 'pip', '--version'], for: 'requirements.txt' },
  { name: 'go', argv: ['go', 'version'], for: 'go.mod' },
  { name: 'cargo', argv: ['cargo', '--version'], for: 'Cargo.toml' },
  { name: 'mvn', argv: ['mvn', '--version'], for: 'pom.xml' },
  { name: 'bundle', argv: ['bundle', '--version'], for: 'Gemfile' },
  { name: 'composer', argv: ['composer', '--version'], for: 'composer.json' },
];

export const tools: readonly Tool[] = [
  ...languages.map((name) => ({ name, argv: interpreters[name], for: `tasks in ${name}` })),
  ...installers.map((tool) => ({ ...tool, for: `what ${tool.for} lists` })),
];
