/** A list of any length: only the rows in sight exist. */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface Column<T> {
  readonly title: string;
  /** A width in the words of CSS grids. */
  readonly width: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Left out where the screen is narrow. */
  readonly isExtra?: boolean;
  readonly isNumber?: boolean;
}

export interface ListProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** Where a row leads; absent: nowhere. */
  readonly hrefOf?: (row: T) => string;
  readonly selected?: string | undefined;
  /** Called when the end comes into sight. */
  readonly onEnd?: (() => void) | undefined;
  readonly rowHeight?: number;
  readonly empty: ComponentChildren;
}

/** Rows beyond the edges that exist too, so that nothing flashes while one scrolls. */
const BEYOND = 10;

export function List<T>(props: ListProps<T>) {
  const { rows, rowHeight = 36, onEnd } = props;
  const place = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState({ from: 0, to: 40 });
  const look = () => {
    const box = place.current;
    if (box === null) return;
    const from = Math.max(0, Math.floor(box.scrollTop / rowHeight) - BEYOND);
    const to = Math.ceil((box.scrollTop + box.clientHeight) / rowHeight) + BEYOND;
    if (from !== range.from || to !== range.to) setRange({ from, to });
    if (to >= rows.length) onEnd?.();
  };
  useLayoutEffect(look, [rows.length]);
  useEffect(() => {
    const watch = new ResizeObserver(look);
    if (place.current) watch.observe(place.current);
    return () => watch.disconnect();
  });
  if (rows.length === 0) return <div class="empty">{props.empty}</div>;
  const template = (isNarrow: boolean) =>
    props.columns
      .filter(({ isExtra }) => !(isNarrow && isExtra))
      .map(({ width }) => width)
      .join(' ');
  const style = { '--columns': template(false), '--columns-narrow': template(true) };
  return (
    <div
      class="list"
      style={style}
      role="table"
      aria-label={props.label}
      aria-rowcount={rows.length + 1}
    >
      <div class="list-head" role="row" aria-rowindex={1}>
        {props.columns.map((column) => (
          <span key={column.title} role="columnheader" class={classOf(column)}>
            {column.title}
          </span>
        ))}
      </div>
      <div
        class="list-body"
        ref={place}
        onScroll={look}
        role="rowgroup"
        tabIndex={0}
        aria-label={props.label}
      >
        <div
          style={{ height: `${rows.length * rowHeight}px` }}
          class="list-room"
          role="presentation"
        >
          {rows.slice(range.from, range.to).map((row, n) => (
            <Row
              key={props.keyOf(row)}
              row={row}
              at={range.from + n}
              height={rowHeight}
              list={props}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

const classOf = <T,>({ isExtra, isNumber }: Column<T>): string =>
  [isExtra ? 'extra' : '', isNumber ? 'number' : ''].join(' ').trim();

interface RowProps<T> {
  readonly row: T;
  readonly at: number;
  readonly height: number;
  readonly list: ListProps<T>;
}

function Row<T>({ row, at, height, list }: RowProps<T>) {
  const key = list.keyOf(row);
  const style = { transform: `translateY(${at * height}px)`, height: `${height}px` };
  return (
    <div
      class={`list-row${key === list.selected ? ' selected' : ''}`}
      role="row"
      aria-rowindex={at + 2}
      style={style}
    >
      {list.columns.map((column, n) => (
        <span key={column.title} role="cell" class={classOf(column)}>
          {n === 0 && list.hrefOf !== undefined ? (
            <a class="row-link" href={list.hrefOf(row)}>
              {column.cell(row)}
            </a>
          ) : (
            column.cell(row)
          )}
        </span>
      ))}
    </div>
  );
}
