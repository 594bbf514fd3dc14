/** List prices of us-east-1 in US dollars, first tier, without the free one. */
export const pricesRead = 'AWS Price List of 2026-08-31 to 2026-10-08, us-east-1, on demand, arm64';

const million = 1e6;

export const prices = {
  writeUnit: 0.625 / million,
  readUnit: 0.125 / million,
  tableGbMonth: 0.25,
  queueRequest: 0.4 / million,
  invocation: 0.2 / million,
  gbSecond: 0.0000133334,
  httpRequest: 1 / million,
  objectPut: 5 / million,
  objectGet: 0.4 / million,
} as const;

/** For how long what a run leaves in the table is paid for here. */
export const retentionDays = 7;

/** What was counted for some tasks. Units and requests are AWS's; times are seconds. */
export interface Counted {
  tableWrites: number;
  indexWrites: number;
  /** Of both: writes that their condition refused, or that were made again. */
  refusedWrites: number;
  reads: number;
  /** Of us: sends, and what is removed or put off by hand. */
  queueRequests: number;
  /** Of the event sources of the runners: receives that brought something, and deletes. */
  sourceRequests: number;
  emptyReceives: number;
  deciderInvocations: number;
  deciderSeconds: number;
  runnerInvocations: number;
  /** Beyond the time of the tasks. */
  runnerSeconds: number;
  apiRequests: number;
  apiSeconds: number;
  objectPuts: number;
  objectGets: number;
  storedBytes: number;
}

export const nothingCounted = (): Counted => ({
  tableWrites: 0,
  indexWrites: 0,
  refusedWrites: 0,
  reads: 0,
  queueRequests: 0,
  sourceRequests: 0,
  emptyReceives: 0,
  deciderInvocations: 0,
  deciderSeconds: 0,
  runnerInvocations: 0,
  runnerSeconds: 0,
  apiRequests: 0,
  apiSeconds: 0,
  objectPuts: 0,
  objectGets: 0,
  storedBytes: 0,
});

/** Memory of the functions, as the stacks ask for it. */
export const functionGb = 1769 / 1024;

/** Dollars by component. */
export type Components = Readonly<Record<string, number>>;

export function priced(counted: Counted): Components {
  const works = (invocations: number, seconds: number): number =>
    invocations * prices.invocation + seconds * functionGb * prices.gbSecond;
  return {
    'table writes': counted.tableWrites * prices.writeUnit,
    'index writes': counted.indexWrites * prices.writeUnit,
    reads: counted.reads * prices.readUnit,
    queues: (counted.queueRequests + counted.sourceRequests) * prices.queueRequest,
    'fan-out': works(counted.deciderInvocations, counted.deciderSeconds),
    runners: works(counted.runnerInvocations, counted.runnerSeconds),
    api: counted.apiRequests * prices.httpRequest + works(counted.apiRequests, counted.apiSeconds),
    objects: counted.objectPuts * prices.objectPut + counted.objectGets * prices.objectGet,
    storage: (counted.storedBytes / 1e9) * prices.tableGbMonth * (retentionDays / 30),
  };
}

export const sumOf = (components: Components): number =>
  Object.values(components).reduce((sum, one) => sum + one, 0);
