/** What is shown is what the address says: `#/runs/<id>/graph?task=a`. So it can be sent, kept and gone back to. */
export interface Address {
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

export function parseAddress(hash: string): Address {
  const text = hash.replace(/^#?\/?/, '');
  const at = text.indexOf('?');
  const path = (at === -1 ? text : text.slice(0, at)).split('/').filter((part) => part !== '');
  const params = new URLSearchParams(at === -1 ? '' : text.slice(at + 1));
  return { path: path.map(decoded), query: Object.fromEntries(params) };
}

/** As it was written, where it is no encoding of anything. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Fields that are empty are left out. */
export type Query = Readonly<Record<string, string | undefined>>;

export function formatAddress(path: readonly string[], query: Query = {}): string {
  const given = Object.entries(query).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  );
  const params = new URLSearchParams(given).toString();
  return `#/${path.map(encodeURIComponent).join('/')}${params === '' ? '' : `?${params}`}`;
}
