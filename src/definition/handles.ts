import type { Json } from '../contract/json.ts';

/** What is behind a reference; found by the object, so that no field's name is taken. */
interface Known {
  readonly text: string;
  /** The task whose output it is. */
  readonly task: string | undefined;
}
const known = new WeakMap<object, Known>();

/**
 * A value that is known only when the run is on its way. Fields and elements of it are references again. In `with` and
 * `each` it is put as it is; in a text it prints as `${{ … }}`.
 */
export interface Reference {
  // biome-ignore lint/suspicious/noExplicitAny: a reference again, at any depth; a narrower type would be "or undefined" to those who check indexed access.
  readonly [field: string | number]: any;
}

export function makeReference(text: string, task?: string): Reference {
  const target = Object.freeze(Object.create(null) as object);
  const reference = new Proxy(target, {
    get: (_target, field) => {
      if (field === Symbol.toPrimitive) return () => printed(text);
      // Read by `await`, by printing and by test tools, which look for methods.
      if (typeof field === 'symbol') return undefined;
      return makeReference(text + stepText(field), task);
    },
  }) as Reference;
  known.set(reference, { text, task });
  return reference;
}

const printed = (text: string): string => `\${{ ${text} }}`;

function stepText(field: string): string {
  if (/^(0|[1-9][0-9]{0,8})$/.test(field)) return `[${field}]`;
  return /^[\p{L}_][\p{L}\p{N}_-]*$/u.test(field) ? `.${field}` : `[${JSON.stringify(field)}]`;
}

/** The reference to a task's output. */
export function outputOf(id: string): Reference {
  const isPlain = /^[\p{L}\p{N}_][\p{L}\p{N}_-]*$/u.test(id);
  return makeReference(`tasks${isPlain ? `.${id}` : `[${JSON.stringify(id)}]`}.output`, id);
}

export const referenceText = (value: unknown): string | undefined => {
  const found = typeof value === 'object' && value !== null ? known.get(value) : undefined;
  return found && printed(found.text);
};

export const taskOfReference = (value: object): string | undefined => known.get(value)?.task;

/** The element that a map's sub-task stands for, that of the innermost level. */
export const item: Reference = makeReference('item');
/** Of each level of nesting its element, the outermost is `items[0]`. */
export const items: Reference = makeReference('items');
/** The place of `item` in its list. */
export const index: Reference = makeReference('index');
/** The id of the run. */
export const runId: Reference = makeReference('run.id');

/** JSON in which references may stand for values. */
export type Template =
  | Json
  | Reference
  | readonly Template[]
  | { readonly [key: string]: Template };
