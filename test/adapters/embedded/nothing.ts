/** Ends at once: whether a process can be started on a small disk. */
export const nothing = undefined;
