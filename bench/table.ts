import { figure, type Row } from './row.ts';

/** A Markdown table whose source is aligned too. Columns of figures stand right. */
export function table(heads: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = heads.map((head, i) =>
    Math.max(3, head.length, ...lines.map((line) => line[i]?.length ?? 0)),
  );
  const isFigure = heads.map((_, i) => lines.every((line) => /^[\d.,]*$/.test(line[i] ?? '')));
  const row = (cells: readonly string[]): string =>
    `| ${cells
      .map((cell, i) => {
        const width = widths[i] as number;
        return isFigure[i] ? cell.padStart(width) : cell.padEnd(width);
      })
      .join(' | ')} |`;
  const rule = widths.map((width, i) =>
    isFigure[i] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [row(heads), row(rule), ...lines.map(row)].join('\n');
}

const paramsText = (params: Row['params']): string =>
  Object.entries(params)
    .map(([name, value]) => (name === 'as' ? String(value) : `${name} ${value}`))
    .join(', ');

export function speedTable(rows: readonly Row[], peers: ReadonlyMap<string, string>): string {
  const heads = [
    'workload',
    'params',
    'seconds',
    'tasks/s',
    'p50 ms',
    'p99 ms',
    'max ms',
    'RSS MB',
    'again after kill -9',
    'aim',
    'outcome',
    'best durable peer',
  ];
  const lines = rows.map((row) => [
    row.workload,
    paramsText(row.params),
    figure(row.seconds),
    figure(row.tasks_per_s),
    figure(row.p50_ms),
    figure(row.p99_ms),
    figure(row.max_ms),
    figure(row.rss_mb),
    row.again,
    row.aim,
    row.met,
    peers.get(row.workload) ?? '',
  ]);
  return table(heads, lines);
}
