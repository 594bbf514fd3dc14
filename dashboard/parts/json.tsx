import type { Json } from '../../src/contract/json.ts';

/** Longer texts slow the page down; the API has all of it. */
const CHARACTERS_MAX = 20_000;

/** A value as text: whatever is in it, it stays text. */
export function Value({ of, label }: { of: Json; label: string }) {
  const text = typeof of === 'string' ? of : JSON.stringify(of, null, 2);
  const isLong = text.length > CHARACTERS_MAX;
  return (
    <pre class="value" tabIndex={0} role="region" aria-label={label}>
      {isLong ? `${text.slice(0, CHARACTERS_MAX)}\n… ${text.length} characters in all` : text}
    </pre>
  );
}
