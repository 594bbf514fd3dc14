import { mix } from './random.ts';

/**
 * What happened, in order. Two runs of one seed have the same `digest`; with `lines`, they are compared word by word.
 * Lines cost as much as all the rest, so they are only kept when asked for.
 */
export class Trace {
  readonly lines: string[] | undefined;
  #a = 0x9e3779b9 | 0;
  #b = 0x85ebca6b | 0;

  constructor(withLines: boolean) {
    this.lines = withLines ? [] : undefined;
  }

  /** Stirs numbers into the digest. */
  note(time: number, who: number, what: number): void {
    this.#a = mix(this.#a, (time * 1000) | 0) ^ who;
    this.#b = mix(this.#b, this.#a) ^ what;
  }

  /** Only to be called when there are `lines`. */
  line(time: number, who: string, what: string): void {
    this.lines?.push(`${(time / 1000).toFixed(4).padStart(10)}s ${who.padEnd(12)} ${what}`);
  }

  get digest(): string {
    return [this.#a, this.#b].map((n) => (n >>> 0).toString(16).padStart(8, '0')).join('');
  }
}

const TEXT_MAX = 48;
const BRIEF_MAX = 240;

/** A value in few words. */
export function brief(value: unknown): string {
  if (value === undefined) return '-';
  const text = JSON.stringify(value, (_key, field) => {
    if (typeof field === 'string' && field.length > TEXT_MAX)
      return `${field.slice(0, TEXT_MAX / 2)}…${field.slice(-TEXT_MAX / 4)}`;
    return field instanceof Uint8Array ? `${field.length} bytes` : field;
  });
  const plain = (text ?? String(value)).replaceAll('"', '');
  return plain.length <= BRIEF_MAX ? plain : `${plain.slice(0, BRIEF_MAX)}…`;
}
