import { useEffect, useMemo, useState } from 'preact/hooks';
import type { LogLine } from '../../src/client/fanfold.ts';
import { type LogFilter, tailLogs } from '../live/logs.ts';
import { server } from '../live/server.ts';
import { count } from '../model/words.ts';
import { Search } from './field.tsx';
import { Lines } from './lines.tsx';

interface Props extends LogFilter {
  readonly run: string;
}

export function Logs({ run, task, attempt }: Props) {
  const [text, setText] = useState('');
  const filter = {
    ...(task !== undefined && { task }),
    ...(attempt !== undefined && { attempt }),
  };
  const logs = useMemo(() => tailLogs(run, filter), [run, task, attempt]);
  useEffect(() => logs.stop, [logs]);
  const lines = logs.lines.value;
  const shown = useMemo(() => linesWith(lines, text), [lines, text]);
  return (
    <div class="fill logs">
      <div class="bar">
        <Search label="Search these lines" value={text} onChange={setText} />
        <span class="dim" aria-live="polite">
          {count(shown.length)} of {count(lines.length)} lines{logs.isOver.value ? '' : ', live'}
        </span>
        {logs.dropped.value > 0 && (
          <span class="dim">the first {count(logs.dropped.value)} are not kept here</span>
        )}
        <button
          type="button"
          class="button push"
          disabled={lines.length === 0}
          onClick={() => void download(run, filter)}
        >
          Download all
        </button>
      </div>
      {logs.problem.value !== undefined && <p class="problem">{logs.problem.value}</p>}
      {lines.length === 0 ? (
        <p class="empty">
          {logs.isOver.value ? 'Nothing was printed.' : 'Nothing was printed yet.'}
        </p>
      ) : (
        <Lines lines={shown} withTask={task === undefined} label="Log lines" />
      )}
    </div>
  );
}

function linesWith(lines: readonly LogLine[], text: string): readonly LogLine[] {
  if (text === '') return lines;
  const wanted = text.toLowerCase();
  return lines.filter((line) => line.text.toLowerCase().includes(wanted) || line.task === text);
}

const LINES_READ = 10_000;

/** All lines from the first on, not only those that are kept here. */
async function download(run: string, filter: LogFilter): Promise<void> {
  const parts: string[] = [];
  let after: string | undefined;
  for (;;) {
    const cursor = after === undefined ? {} : { after };
    const page = await server.logs({ run, ...filter, ...cursor, limit: LINES_READ });
    if (page.lines.length === 0) break;
    for (const { at, task, attempt, text } of page.lines)
      parts.push(`${new Date(at).toISOString()} ${task}[${attempt}] ${text}\n`);
    after = page.next;
  }
  const url = URL.createObjectURL(new Blob(parts, { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${run}${filter.task === undefined ? '' : `-${filter.task}`}.log`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
