/** Scripts by which shells complete our commands and options. */
import type { CommandWord, OptionWord } from './words.ts';

/** A command as it is typed, `schedules ls`; the program itself is the empty one. */
interface Typed {
  readonly path: readonly string[];
  readonly word: CommandWord;
}

const typed = (word: CommandWord, path: readonly string[] = []): readonly Typed[] => [
  { path, word },
  ...word.commands.flatMap((one) => typed(one, [...path, one.name])),
];

const help: OptionWord = { names: ['--help', '-h'], summary: 'show help', takesValue: false };
const optionsOf = ({ options }: CommandWord): readonly OptionWord[] => [...options, help];
const namesOf = (options: readonly OptionWord[]): string =>
  options.flatMap(({ names }) => names).join(' ');
const commandsOf = ({ commands }: CommandWord): string =>
  commands.map(({ name }) => name).join(' ');

/** What may stand where no option does; undefined: names of files. */
function valuesOf({ arguments: [first] }: CommandWord): readonly string[] | undefined {
  if (first === 'run') return ['last'];
  if (first === 'shell') return shells;
  return /^(file|files|path|dir)$/.test(first ?? '') ? undefined : [];
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The words under which commands are, as a pattern of `case`. */
const groupsOf = ({ commands }: CommandWord): readonly string[] =>
  commands.filter(({ commands: own }) => own.length > 0).map(({ name }) => name);

function bash(program: CommandWord): string {
  const rows = typed(program).map(({ path, word }) => {
    const options = optionsOf(word);
    const taking = namesOf(options.filter(({ takesValue }) => takesValue));
    const values = word.commands.length > 0 ? commandsOf(word) : (valuesOf(word) ?? []).join(' ');
    const sets = [`words=${quoted(values)}`, `options=${quoted(namesOf(options))}`];
    return `    ${quoted(path.join(' '))}) ${sets.join(' ')} taking=${quoted(taking)} ;;`;
  });
  return `# To complete \`fanfold\` in bash: source <(npx fanfold completion bash)
_fanfold() {
  local cur=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} path= words= options= taking=
  if ((COMP_CWORD > 1)); then path=\${COMP_WORDS[1]}; fi
  case $path in
    ${groupsOf(program).join('|')}) if ((COMP_CWORD > 2)); then path="$path \${COMP_WORDS[2]}"; fi ;;
  esac
  case $path in
${rows.join('\n')}
  esac
  COMPREPLY=()
  case " $taking " in *" $before "*) return ;; esac
  if [[ $cur == -* ]]; then words=$options; fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
# Where we know nothing, names of files are completed.
complete -o default -F _fanfold fanfold
`;
}

/** A colon ends the name in what \`_describe\` is given. */
const described = (name: string, summary: string): string =>
  quoted(`${name.replaceAll(':', '\\:')}:${summary}`);

function zsh(program: CommandWord): string {
  const rows = typed(program).map(({ path, word }) => {
    const options = optionsOf(word);
    const named = options.flatMap(({ names, summary }) =>
      names.map((name) => described(name, summary)),
    );
    const values =
      word.commands.length > 0
        ? word.commands.map(({ name, summary }) => described(name, summary))
        : (valuesOf(word) ?? []).map(quoted);
    const taking = namesOf(options.filter(({ takesValue }) => takesValue));
    return `    ${quoted(path.join(' '))}) list=(${values.join(' ')}) options=(${named.join(' ')}) taking=${quoted(taking)} ;;`;
  });
  return `#compdef fanfold
# To complete \`fanfold\` in zsh: source <(npx fanfold completion zsh)
_fanfold() {
  local typed taking
  local -a list options
  if (( CURRENT > 2 )); then typed=$words[2]; fi
  case $typed in
    ${groupsOf(program).join('|')}) if (( CURRENT > 3 )); then typed="$typed $words[3]"; fi ;;
  esac
  case $typed in
${rows.join('\n')}
  esac
  if [[ " $taking " == *" $words[CURRENT - 1] "* ]]; then _files
  elif [[ $words[CURRENT] == -* ]]; then _describe -o option options
  elif (( $#list )); then _describe word list
  else _files
  fi
}
if [[ $funcstack[1] == _fanfold ]]; then _fanfold "$@"; else compdef _fanfold fanfold; fi
`;
}

const fishQuoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function fishRows({ path, word }: Typed): string[] {
  const at = (how: string) => `complete -c fanfold -n ${fishQuoted([how, ...path].join(' '))}`;
  const commands = word.commands.map(
    ({ name, summary }) => `${at('__fanfold_next')} -f -a ${name} -d ${fishQuoted(summary)}`,
  );
  const options = optionsOf(word).map(({ names, summary, takesValue }) => {
    const [long = '', short] = names;
    const forms = [`-l ${long.slice(2)}`, ...(short === undefined ? [] : [`-s ${short.slice(1)}`])];
    return [
      at('__fanfold_in'),
      ...forms,
      ...(takesValue ? ['-r'] : []),
      '-d',
      fishQuoted(summary),
    ].join(' ');
  });
  const values = word.commands.length > 0 ? undefined : valuesOf(word);
  if (values === undefined) return [...commands, ...options];
  const given = values.length === 0 ? '' : ` -a ${fishQuoted(values.join(' '))}`;
  return [...commands, ...options, `${at('__fanfold_in')} -f${given}`];
}

const fish = (
  program: CommandWord,
): string => `# To complete \`fanfold\` in fish: npx fanfold completion fish | source
function __fanfold_typed
  commandline -opc | tail -n +2
end
function __fanfold_in
  set -l typed (__fanfold_typed)
  set -l asked (count $argv)
  test (count $typed) -ge $asked; or return 1
  test $asked -eq 0; or test "$typed[1..$asked]" = "$argv"
end
function __fanfold_next
  test (count (__fanfold_typed)) -eq (count $argv); and __fanfold_in $argv
end
${typed(program).flatMap(fishRows).join('\n')}
`;

const scripts = { bash, zsh, fish } as const;
export type CompletedShell = keyof typeof scripts;
export const shells = Object.keys(scripts) as CompletedShell[];

export const completionFor = (shell: CompletedShell, program: CommandWord): string =>
  scripts[shell](program);
