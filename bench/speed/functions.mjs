/** The tasks' code: nothing, a kilobyte, and the moment of the call on a clock that all processes share. */
const kilobyte = 'x'.repeat(1010);

export const nothing = () => null;
export const large = () => ({ value: kilobyte });
export const now = () => Number(process.hrtime.bigint()) / 1e6;
