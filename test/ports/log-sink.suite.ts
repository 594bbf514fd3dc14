import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { LogLine, LogQuery, LogSink } from '../../src/ports/log-sink.ts';

export interface LogSinkSubject {
  readonly logs: LogSink;
  /** Lets what lags catch up. */
  settle(): Promise<void>;
  close?(): Promise<void>;
}

/** Holds an adapter to the promises of `LogSink`. */
export function testLogSink(name: string, make: () => Promise<LogSinkSubject>): void {
  describe(`${name} keeps the promises of a log sink:`, () => {
    let subject: LogSinkSubject;
    let logs: LogSink;
    let run: string;
    beforeAll(async () => {
      subject = await make();
      logs = subject.logs;
    });
    afterAll(async () => subject.close?.());
    beforeEach(() => {
      run = randomUUID();
    });

    const line = (task: string, text: string, more: Partial<LogLine> = {}): LogLine => {
      const own = { run, task, attempt: 1, at: 1_700_000_000_000, stream: 'stdout' } as const;
      return { ...own, text, ...more };
    };
    const append = async (...lines: LogLine[]): Promise<void> => {
      await logs.append(lines);
      await subject.settle();
    };
    const readAll = async (query: Omit<LogQuery, 'run'>): Promise<LogLine[]> => {
      const all: LogLine[] = [];
      let after = query.after;
      for (;;) {
        const page = await logs.read({ ...query, run, ...(after !== undefined && { after }) });
        if (page.lines.length === 0) return all;
        expect(page.lines.length).toBeLessThanOrEqual(query.limit ?? Number.POSITIVE_INFINITY);
        all.push(...page.lines);
        after = page.next;
      }
    };

    test('lines come back as they were', async () => {
      const lines = [
        line('a', 'plain'),
        line('a', ''),
        line('a', '\ttab "quoted" \\ ü \u{1F600} \u2028', { stream: 'stderr', at: 5 }),
        line('a.b-c', '{"json":true}', { attempt: 12, stream: 'system' }),
        line('__proto__', 'x'.repeat(16 * 1024)),
      ];
      await append(...lines);
      expect((await logs.read({ run })).lines).toEqual(lines);
    });

    test('what one attempt prints on one stream stays in order', async () => {
      const texts = Array.from({ length: 500 }, (_, n) => String(n));
      for (let at = 0; at < texts.length; at += 50)
        await logs.append(texts.slice(at, at + 50).map((text) => line('a', text)));
      await subject.settle();
      expect((await readAll({})).map(({ text }) => text)).toEqual(texts);
    });

    test('appends that are under way together lose nothing, and stay in order', async () => {
      const texts = Array.from({ length: 100 }, (_, n) => String(n));
      await Promise.all(texts.map((text) => logs.append([line('a', text)])));
      await subject.settle();
      expect((await readAll({})).map(({ text }) => text)).toEqual(texts);
    });

    test('lines of other runs, and of tasks and attempts not asked for, are left out', async () => {
      const other = { run: randomUUID() };
      await append(
        line('a', '1'),
        line('b', '2'),
        line('a', '3', { attempt: 2 }),
        line('a', '4', other),
        line('ab', '5'),
      );
      const texts = async (query: Omit<LogQuery, 'run'>) =>
        (await readAll(query)).map(({ text }) => text);
      expect(await texts({})).toEqual(['1', '2', '3', '5']);
      expect(await texts({ task: 'a' })).toEqual(['1', '3']);
      expect(await texts({ task: 'a', attempt: 2 })).toEqual(['3']);
      expect(await texts({ attempt: 1 })).toEqual(['1', '2', '5']);
      expect(await texts({ task: 'none' })).toEqual([]);
      expect((await logs.read(other)).lines.map(({ text }) => text)).toEqual(['4']);
    });

    test('pages of any size join to the whole', async () => {
      const lines = Array.from({ length: 60 }, (_, n) => line(n % 3 === 0 ? 'a' : 'b', String(n)));
      await append(...lines);
      for (const limit of [1, 7, 60, 100]) {
        expect(await readAll({ limit })).toEqual(lines);
        expect(await readAll({ limit, task: 'a' })).toEqual(
          lines.filter(({ task }) => task === 'a'),
        );
      }
    });

    test('who follows gets what came later, once', async () => {
      const start = await logs.read({ run });
      expect(start.lines).toEqual([]);
      await append(line('a', '1'));
      const first = await logs.read({ run, after: start.next });
      await append(line('a', '2'), line('a', '3'));
      const second = await logs.read({ run, after: first.next });
      const third = await logs.read({ run, after: second.next });
      const texts = [first, second, third].map((page) => page.lines.map(({ text }) => text));
      expect(texts).toEqual([['1'], ['2', '3'], []]);
    });

    test.each(['x', '-1', '1.5', 'MQ', 'e30', '\u00de^ /'])(
      'a place that no page gave (%s) is refused',
      async (after) => {
        await append(line('a', '1'));
        await expect(logs.read({ run, after })).rejects.toMatchObject({ code: 'input-invalid' });
      },
    );
  });
}
