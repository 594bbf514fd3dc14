import { useEffect, useMemo, useState } from 'preact/hooks';
import type { AuditEntry, AuditVerdict } from '../../src/contract/audit.ts';
import { to } from '../live/address.ts';
import { readAudit, verifyAudit } from '../live/audit.ts';
import { pagesOf } from '../live/pages.ts';
import { act } from '../live/server.ts';
import { count, instant, plural } from '../model/words.ts';
import { type Column, List } from '../parts/list.tsx';

const columns: readonly Column<AuditEntry>[] = [
  { title: 'When', width: 'minmax(12rem, 1fr)', cell: ({ at }) => instant(at) },
  {
    title: 'Who',
    width: 'minmax(5rem, 1fr)',
    cell: ({ caller, kind }) => <span title={kind}>{caller}</span>,
  },
  { title: 'Did', width: 'minmax(5rem, 1fr)', cell: ({ operation }) => <b>{operation}</b> },
  {
    title: 'To',
    width: 'minmax(10rem, 3fr)',
    isExtra: true,
    cell: ({ object }) => <Thing object={object} />,
  },
  {
    title: 'Answer',
    width: '4.5rem',
    isExtra: true,
    isNumber: true,
    cell: ({ status }) => <span class={status >= 400 ? 'bad' : undefined}>{status}</span>,
  },
  { title: 'From', width: '8rem', isExtra: true, cell: ({ from }) => from },
];

/** Who changed what, and from where. */
export function AuditView() {
  const pages = useMemo(() => pagesOf(readAudit), []);
  useEffect(() => void pages.more(), [pages]);
  return (
    <section class="page fill">
      <header class="bar">
        <h1>Audit</h1>
        <Verify />
      </header>
      {pages.problem.value !== undefined && <p class="problem">{pages.problem.value}</p>}
      <List
        label="Audit"
        columns={columns}
        rows={pages.items.value}
        keyOf={({ lane, number }) => `${lane}/${number}`}
        onEnd={() => void pages.more()}
        empty={<p>{pages.isDone.value ? 'Nobody has changed anything yet.' : 'Loading…'}</p>}
      />
    </section>
  );
}

function Thing({ object }: { object: string }) {
  const run = /^\/v1\/runs\/([0-9A-Z]{26})/.exec(object)?.[1];
  const text = <span class="mono clip">{object}</span>;
  return run === undefined ? text : <a href={to(['runs', run])}>{text}</a>;
}

function Verify() {
  const [verdict, setVerdict] = useState<AuditVerdict | undefined>(undefined);
  const verify = async () => setVerdict(await verifyAudit());
  return (
    <>
      {verdict !== undefined && (
        <span class={verdict.wrong.length > 0 ? 'bad' : 'dim'}>
          {verdict.wrong.length === 0
            ? `all ${plural(verdict.entries, 'entry', 'entries')} are as they were written`
            : verdict.wrong
                .map(({ lane, number, reason }) => `${lane}, ${count(number)}: ${reason}`)
                .join('; ')}
        </span>
      )}
      <button
        type="button"
        class="button push"
        onClick={() => void act(verify, 'The whole audit was read')}
      >
        Verify
      </button>
    </>
  );
}
