/** Whether an address is of this machine: a server there sees our folders, and we could start one. */
export const isOwnMachine = (url: string): boolean =>
  /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
