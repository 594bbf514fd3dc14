import { signal } from '@preact/signals';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const key = 'fanfold.theme';
const stored = localStorage.getItem(key);
export const theme = signal<Theme>(themes.find((one) => one === stored) ?? 'system');

/** Rises whenever colours change, so that what is drawn is drawn anew. */
export const palette = signal(0);

function apply(): void {
  document.documentElement.dataset.theme = theme.value;
  palette.value++;
}

export function setTheme(chosen: Theme): void {
  theme.value = chosen;
  localStorage.setItem(key, chosen);
  apply();
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
apply();
