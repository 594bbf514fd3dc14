import { signal } from '@preact/signals';

/** The time, once a second: what grows while one looks reads it. */
export const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1000);
