import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hideInJson, hideInResult, textsToHide } from '../../src/runner/hidden.ts';
import { hideIn, hideInCut, LineHider } from '../../src/runner/launcher-hide.mjs';

const secret = 'p4ss "wörd"/\\tail';
const texts = textsToHide([secret]);

describe('a secret is hidden', () => {
  test.each([
    ['as it is', `connect with ${secret}!`, 'connect with ***!'],
    ['twice', `${secret}${secret}`, '******'],
    ['as JSON writes it', JSON.stringify({ key: secret }), '{"key":"***"}'],
    ['as addresses write it', `http://h/?p=${encodeURIComponent(secret)}`, 'http://h/?p=***'],
    ['nowhere, where it is not', 'p4ss wörd', 'p4ss wörd'],
  ])('%s', (_, text, want) => {
    expect(hideIn(text, texts)).toBe(want);
  });

  test('line by line, where it has several', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQ\n-----END KEY-----\n';
    const shown = key.split('\n').map((line) => hideIn(line, textsToHide([key])));
    expect(shown).toEqual(['***', '***', '***', '***', '']);
  });

  test('with the texts in it, where it is JSON', () => {
    const json = '{"user": "eu", "password": "correct horse", "more": ["battery staple"]}';
    const hidden = textsToHide([json]);
    expect(hideIn('eu correct horse battery staple', hidden)).toBe('eu *** ***');
  });

  test('in names, texts and numbers of an output', () => {
    const hidden = textsToHide(['12345678', 'top-secret']);
    const output = { a: [12345678, 1, null, true], 'my top-secret': 'x top-secret' };
    expect(hideInJson(output, hidden)).toEqual({ a: ['***', 1, null, true], 'my ***': 'x ***' });
  });

  test('in errors also where only a part of it is left', () => {
    const hidden = textsToHide(['correct-horse-battery']);
    for (const [text, want] of [
      [
        'Unexpected token: "…rect-horse-bat"... is no JSON',
        'Unexpected token: "…***"... is no JSON',
      ],
      ['it was cut here: corre', 'it was cut here: ***'],
      ['tery: so it ended', '***: so it ended'],
      ['correct', '***'],
      ['all is well', 'all is well'],
    ] as const)
      expect(hideInCut(text, hidden)).toBe(want);
    const result = hideInResult(
      {
        key: 1,
        outcome: 'failed',
        startedAt: 0,
        endedAt: 0,
        error: { reason: 'error', name: 'correct-horse-battery', message: 'x', stack: 'at corre' },
      },
      hidden,
    );
    expect(result.error).toEqual({ reason: 'error', name: '***', message: 'x', stack: 'at ***' });
  });
});

test('a secret that lies in two pieces of a line without end is seen in neither', () => {
  const long = 'x'.repeat(64_000);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: secret.length - 1 }), (at) => {
      const hider = new LineHider(textsToHide([secret]));
      hider.hide('stdout', long + secret.slice(0, at));
      // Another stream between them is a line of its own.
      expect(hider.hide('stderr', 'between')).toBe('between');
      expect(hider.hide('stdout', `${secret.slice(at)} and on`)).toBe('*** and on');
      expect(hider.hide('stdout', secret.slice(at))).toBe(secret.slice(at));
    }),
    { numRuns: secret.length },
  );
});

test('what is shown holds no part of eight characters, wherever an error was cut', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z0-9]{8,40}$/),
      fc.string({ maxLength: 40 }),
      fc.nat(60),
      fc.nat(60),
      (value, around, from, length) => {
        const text = `${around}${value}${around}`.slice(from, from + length);
        const shown = hideInCut(text, textsToHide([value]));
        for (let at = 0; at + 8 <= value.length; at++)
          expect(shown.includes(value.slice(at, at + 8))).toBe(false);
      },
    ),
  );
});
