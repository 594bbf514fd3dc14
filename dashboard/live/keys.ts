/** Keys that work everywhere but where one types. */
import { signal } from '@preact/signals';
import { address, go, setQuery } from './address.ts';

export const helpIsOpen = signal(false);

export const keys: readonly (readonly [string, string])[] = [
  ['/', 'search'],
  ['g o', 'go to the overview'],
  ['g r', 'go to the runs'],
  ['g f', 'go to the failures'],
  ['g s', 'go to the form that starts a run'],
  ['j, k', 'next row, row before'],
  ['Enter', 'open the row'],
  ['Escape', 'close the task'],
  ['f', 'failed ones only'],
  ['1 … 5', 'views of a run'],
  ['?', 'this list'],
];

const places: Readonly<Record<string, readonly string[]>> = {
  o: ['overview'],
  r: ['runs'],
  f: ['failures'],
  s: ['start'],
};
const tabs = ['graph', 'timeline', 'tasks', 'logs', 'data'];
let before = '';

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('input, textarea, select');

function walk(step: number): void {
  const links = [...document.querySelectorAll<HTMLElement>('.row-link')];
  const at = links.indexOf(document.activeElement as HTMLElement);
  links[at === -1 ? 0 : Math.min(links.length - 1, Math.max(0, at + step))]?.focus();
}

function openTab(key: string): void {
  const tab = tabs[Number(key) - 1];
  const [place, id] = address.value.path;
  const { task } = address.value.query;
  if (tab !== undefined && place === 'runs' && id !== undefined) go(['runs', id, tab], { task });
}

const acts: Readonly<Record<string, () => void>> = {
  '/': () => document.querySelector<HTMLElement>('.search')?.focus(),
  '?': () => {
    helpIsOpen.value = true;
  },
  j: () => walk(1),
  k: () => walk(-1),
  f: () => setQuery({ state: address.value.query.state === 'failed' ? '' : 'failed' }, true),
  Escape: () => setQuery({ task: '', part: '' }),
};

addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(target)) {
    if (key === 'Escape') (target as HTMLElement).blur();
    return;
  }
  const place = before === 'g' ? places[key] : undefined;
  before = key;
  if (document.querySelector('dialog[open]')) return;
  if (place) go(place);
  else if (acts[key]) acts[key]();
  else return openTab(key);
  event.preventDefault();
});
