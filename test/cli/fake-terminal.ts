import type { Output } from '../../cli/shell.ts';

/** A terminal of some width: understands what the live picture uses, and wraps long lines. */
export function fakeTerminal(size: { columns: number; rows: number }) {
  let screen: string[] = [''];
  let row = 0;
  let column = 0;
  const put = (char: string): void => {
    if (column === size.columns) {
      row++;
      column = 0;
    }
    while (screen.length <= row) screen.push('');
    const line = (screen[row] ?? '').padEnd(column);
    screen[row] = line.slice(0, column) + char + line.slice(column + 1);
    column++;
  };
  const print = (char: string): void => {
    if (char !== '\r' && char !== '\n') {
      put(char);
      return;
    }
    column = 0;
    if (char === '\n') row++;
    while (screen.length <= row) screen.push('');
  };
  const control = (code: string, n: number): void => {
    if (code === 'A') row = Math.max(0, row - n);
    if (code === 'K') screen[row] = (screen[row] ?? '').slice(0, column);
    if (code === 'J') {
      screen = screen.slice(0, row + 1);
      screen[row] = (screen[row] ?? '').slice(0, column);
    }
  };
  const output: Output = {
    isTTY: true,
    get columns() {
      return size.columns;
    },
    get rows() {
      return size.rows;
    },
    write(text) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a terminal reads
      for (const [token, digits, code] of text.matchAll(/\u001b\[\??(\d*)([A-Za-z])|[\s\S]/g)) {
        if (code === undefined) print(token);
        else control(code, Number(digits || 1));
      }
    },
  };
  return {
    output,
    lines: () =>
      screen
        .map((line) => line.trimEnd())
        .join('\n')
        .trimEnd()
        .split('\n'),
    /** A narrower window: lines that no longer fit are wrapped, as terminals do. */
    resize(columns: number) {
      size.columns = columns;
      const before = screen.slice(0, row).flatMap((line) => wrap(line, columns)).length;
      screen = screen.flatMap((line) => wrap(line, columns));
      row = before;
    },
  };
}

const wrap = (line: string, columns: number): string[] => {
  const parts: string[] = [];
  for (let at = 0; at === 0 || at < line.length; at += columns)
    parts.push(line.slice(at, at + columns));
  return parts;
};
