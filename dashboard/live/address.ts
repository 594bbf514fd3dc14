import { signal } from '@preact/signals';
import { type Address, formatAddress, parseAddress, type Query } from '../model/address.ts';

export const address = signal<Address>(parseAddress(location.hash));

addEventListener('hashchange', () => {
  address.value = parseAddress(location.hash);
});

export function go(path: readonly string[], query: Query = {}): void {
  location.hash = formatAddress(path, query);
}

/** Changes fields of the query and keeps the rest. What is typed makes no new step to go back to. */
export function setQuery(change: Query, isStep = false): void {
  const { path, query } = address.value;
  const hash = formatAddress(path, { ...query, ...change });
  if (isStep) location.hash = hash;
  else {
    history.replaceState(null, '', hash);
    address.value = parseAddress(hash);
  }
}

export const to = (path: readonly string[], query?: Query): string => formatAddress(path, query);
