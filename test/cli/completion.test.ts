import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { groups } from '../../cli/command-groups.ts';
import { commands } from '../../cli/commands.ts';
import { type CompletedShell, shells } from '../../cli/completion.ts';
import { fakeShell } from './fake-shell.ts';

const folder = mkdtempSync(join(tmpdir(), 'fanfold-completion-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fileOf = (shell: CompletedShell): string => join(folder, `fanfold.${shell}`);

beforeAll(async () => {
  for (const name of shells) {
    const { run, out } = fakeShell();
    expect(await run('completion', name)).toBe(0);
    writeFileSync(fileOf(name), out());
  }
});

const firstWord = ({ usage }: { readonly usage: string }): string => usage.split(' ')[0] ?? '';

/** What is typed, and what of it is offered. */
const typed: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ['fanfold ', [...commands.map(firstWord), ...groups.map(({ name }) => name)]],
  ['fanfold sched', ['schedules']],
  ['fanfold schedules p', ['pause', 'preview']],
  ['fanfold schedules create --slot', ['--slot-input']],
  ['fanfold run --res', ['--resources']],
  ['fanfold cancel ', ['last']],
  ['fanfold completion ', ['bash', 'zsh', 'fish']],
];

/** What a shell that has read our file offers for a line: one word a line. */
const offers: Readonly<Record<CompletedShell, (line: string) => string>> = {
  // The line as bash itself takes it apart, and the function that it was told to call.
  bash: (line) =>
    execFileSync(
      'bash',
      [
        '--norc',
        '-c',
        'source "$1"; read -ra COMP_WORDS <<<"$2"; [[ $2 == *" " ]] && COMP_WORDS+=(""); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); by=$(complete -p fanfold); by=${by##*-F }; ${by%% *}; printf "%s\\n" "${COMPREPLY[@]}"',
        '-',
        fileOf('bash'),
        line,
      ],
      { encoding: 'utf8' },
    ),
  fish: (line) =>
    execFileSync('fish', ['--no-config', '-c', `source ${fileOf('fish')}; complete -C '${line}'`], {
      encoding: 'utf8',
      env: { ...process.env, HOME: folder },
    }).replace(/\t.*$/gm, ''),
  // What zsh would show is noted in place of showing it.
  zsh: (line) =>
    execFileSync(
      'zsh',
      [
        '-f',
        '-c',
        `compdef() { by=$1 }; _describe() { shift $(( $# - 1 )); for it in "\${(@P)1}"; do print -r -- "\${it%%:*}"; done }; _files() { : }
         source "$1"; words=(\${=2}); [[ $2 == *" " ]] && words+=(""); CURRENT=$#words; $by`,
        '-',
        fileOf('zsh'),
        line,
      ],
      { encoding: 'utf8' },
    )
      .split('\n')
      .filter((word) => word.startsWith(line.split(' ').at(-1) ?? ''))
      .join('\n'),
};

const isHere = (shell: string): boolean => spawnSync(shell, ['--version']).error === undefined;

for (const shell of shells.filter(isHere)) {
  describe(`in ${shell}`, () => {
    test.each(typed)('%s offers %j', (line, offered) => {
      const found = offers[shell](line).split('\n').filter(Boolean);
      expect(found.sort()).toEqual([...offered].sort());
    });
  });
}

/** Goal: it works when a person presses the key. Method: bash at a terminal of its own, which Python gives it. */
test('a tab in bash completes the word', () => {
  const atTerminal = `
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp('bash', ['bash', '--norc', '--noprofile', '-i'])
said = b''
def until(end):
    global said
    while end not in said:
        said += os.read(fd, 4096)
# What is typed ahead of a prompt is not completed.
os.write(fd, ('source ' + sys.argv[1] + '; fanfold() { echo "called:$*"; }; PS1=rea"dy "\\n').encode())
until(b'ready')
os.write(fd, b'fanfold sched\\t')
until(b'schedules ')
os.write(fd, b'pre\\t')
until(b'preview ')
os.write(fd, b'\\nexit\\n')
while True:
    try:
        part = os.read(fd, 4096)
    except OSError:
        break
    if not part:
        break
    said += part
sys.stdout.buffer.write(said)
`;
  const said = execFileSync('python3', ['-c', atTerminal, fileOf('bash')], {
    encoding: 'utf8',
    timeout: 120_000,
    env: { PATH: process.env.PATH ?? '', HOME: folder, TERM: 'dumb' },
  });
  expect(said).toContain('called:schedules preview');
});

test('an unknown shell is refused by name', async () => {
  const { run, err } = fakeShell();
  expect(await run('completion', 'tcsh')).toBe(2);
  expect(err()).toContain('tcsh: expected one of bash, zsh, fish');
});
