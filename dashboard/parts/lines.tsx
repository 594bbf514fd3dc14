import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { LogLine } from '../../src/client/fanfold.ts';
import { clock } from '../model/words.ts';

const lineHeight = 18;
const BEYOND = 20;

interface Props {
  readonly lines: readonly LogLine[];
  /** Whether each line says whose it is. */
  readonly withTask: boolean;
  readonly label: string;
}

/** Lines of text, of which only those in sight exist. Stays at the end while one is there. */
export function Lines({ lines, withTask, label }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const [range, setRange] = useState({ from: 0, to: 60 });
  const look = () => {
    const box = place.current;
    if (box === null) return;
    isAtEnd.current = box.scrollTop + box.clientHeight >= box.scrollHeight - lineHeight;
    const from = Math.max(0, Math.floor(box.scrollTop / lineHeight) - BEYOND);
    const to = Math.ceil((box.scrollTop + box.clientHeight) / lineHeight) + BEYOND;
    if (from !== range.from || to !== range.to) setRange({ from, to });
  };
  useLayoutEffect(() => {
    const box = place.current;
    if (box && isAtEnd.current) box.scrollTop = box.scrollHeight;
    look();
  }, [lines]);
  useEffect(() => {
    const watch = new ResizeObserver(look);
    if (place.current) watch.observe(place.current);
    return () => watch.disconnect();
  });
  return (
    <div class="lines" ref={place} onScroll={look} tabIndex={0} role="log" aria-label={label}>
      <div class="lines-room" style={{ height: `${lines.length * lineHeight}px` }}>
        <div style={{ transform: `translateY(${range.from * lineHeight}px)` }}>
          {lines.slice(range.from, range.to).map((line, n) => (
            <div key={range.from + n} class={`line ${line.stream}`}>
              <span class="line-time">{clock(line.at)}</span>
              {withTask && <span class="line-task">{line.task}</span>}
              {line.stream === 'stderr' && <span class="line-mark">err</span>}
              <span>{line.text}</span>
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
