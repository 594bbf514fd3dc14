import { defaultSettings } from '../../src/engine/settings.ts';
import { bundleShort, type Part, type Parts } from './parts.ts';

/** One quota under one load. */
export interface ScaleRow {
  readonly load: string;
  readonly quota: string;
  /** What the load takes of it. */
  readonly takes: number;
  readonly limit: number;
  readonly unit: string;
  /** What gives the limit, or raises it. */
  readonly setting: string;
}

/** Quotas by AWS's documents and price pages as of 2023 to 2026; those that AWS raises on request are marked so. */
const quotas = {
  partitionWrites: 1_000,
  partitionReads: 3_000,
  tableWrites: 40_000,
  tableReads: 40_000,
  inFlight: 120_000,
  concurrency: 1_000,
  sourceConcurrency: 1_250,
  httpRequests: 10_000,
  launches: 20,
  serviceTasks: 5_000,
  streamPolls: 4,
  streamBatch: 1_000,
} as const;

const sharding = `the ${defaultSettings.shards} shards are fixed`;
const onRequest = 'raised on request';
const table = `${onRequest}; 40,000 by default`;

/** Of a Fargate runner: so many tasks that mostly wait at a time. */
const fargateSlots = 100;
const lambdaSlots = 64;
const heartbeatSeconds = defaultSettings.heartbeatMs / 1000;
/** A row of a heartbeat, packed: a run's id, two numbers and a time. */
const heldBytes = 24;
const claimBlock = 64;
const chunk = defaultSettings.chunkSize;
/** Bytes of progress a task: a code, and its share of a source. */
const progressBytes = 4;

/** A billion a day. */
const sustainedTasks = 11_600;

function tableRows(load: string, tasksPerSecond: number, part: Part): ScaleRow[] {
  return [
    {
      load,
      quota: 'table: writes',
      takes: tasksPerSecond * part.tableWrites,
      limit: quotas.tableWrites,
      unit: 'units/s',
      setting: table,
    },
    {
      load,
      quota: 'table: reads',
      takes: tasksPerSecond * part.reads,
      limit: quotas.tableReads,
      unit: 'units/s',
      setting: table,
    },
    {
      load,
      quota: 'one partition of an index: writes',
      takes: (tasksPerSecond * part.indexWrites) / defaultSettings.shards,
      limit: quotas.partitionWrites,
      unit: 'units/s',
      setting: sharding,
    },
  ];
}

function creates(perSecond: number, { single }: Parts): ScaleRow[] {
  const load = `${perSecond.toLocaleString('en')} creates/s`;
  return [
    {
      load,
      quota: 'API Gateway',
      takes: perSecond,
      limit: quotas.httpRequests,
      unit: 'requests/s',
      setting: onRequest,
    },
    {
      load,
      quota: 'Lambda: the API',
      takes: perSecond * single.apiSeconds,
      limit: quotas.concurrency,
      unit: 'at once',
      setting: onRequest,
    },
    ...tableRows(load, perSecond, single),
  ];
}

function starts(perSecond: number, { wide, single }: Parts): ScaleRow[] {
  const load = `${perSecond.toLocaleString('en')} starts/s`;
  return [
    ...tableRows(`${load}, runs of one task`, perSecond, single),
    {
      load: `${load} in one run`,
      quota: "the run's partition: writes",
      takes: perSecond * wide.tableWrites,
      limit: quotas.partitionWrites,
      unit: 'units/s',
      setting: 'AWS splits a hot partition within minutes; several runs',
    },
  ];
}

function sustained(perSecond: number, { wide }: Parts): ScaleRow[] {
  const load = `${perSecond.toLocaleString('en')} tasks/s of 1 s`;
  const written = perSecond * wide.tableWrites;
  const shards = Math.max(1, Math.ceil(written / quotas.partitionWrites));
  return [
    ...tableRows(load, perSecond, wide),
    {
      load,
      quota: 'a shard of the stream: records',
      takes: written / shards,
      limit: quotas.streamPolls * quotas.streamBatch,
      unit: 'records/s',
      setting: `batchSize; ${shards} shards, as many as partitions`,
    },
    {
      load,
      quota: 'Lambda: deciders',
      takes: perSecond * wide.deciderSeconds,
      limit: shards,
      unit: 'at once',
      setting: 'decidersPerShard 1, up to 10',
    },
    {
      load,
      quota: 'Lambda pool: processes',
      takes: perSecond / lambdaSlots,
      limit: quotas.concurrency,
      unit: 'at once',
      setting: `slots ${lambdaSlots}, processesMax; account's concurrency ${onRequest}`,
    },
    {
      load: `${load}, four slots`,
      quota: 'Lambda pool: processes',
      takes: perSecond / 4,
      limit: quotas.sourceConcurrency,
      unit: 'at once',
      setting: 'slots 4 is the default; provisioned pollers go to 100,000',
    },
  ];
}

function running(tasks: number): ScaleRow[] {
  const load = `${tasks.toLocaleString('en')} running`;
  const runners = tasks / fargateSlots;
  const beatUnits = Math.ceil((fargateSlots * heldBytes + 200) / 1024);
  const beats = (runners * beatUnits) / heartbeatSeconds;
  return [
    {
      load,
      quota: 'heartbeats, table: writes',
      takes: beats,
      limit: quotas.tableWrites,
      unit: 'units/s',
      setting: table,
    },
    {
      load,
      quota: 'heartbeats, one partition: writes',
      takes: beats / defaultSettings.shards,
      limit: quotas.partitionWrites,
      unit: 'units/s',
      setting: `heartbeatMs; ${sharding}`,
    },
    {
      load: `${load}, containers, ${sustainedTasks} starts/s`,
      quota: 'SQS: in flight in a queue',
      takes: sustainedTasks * heartbeatSeconds,
      limit: quotas.inFlight,
      unit: 'messages',
      setting: 'a heartbeat takes the place of the message',
    },
    {
      load: `${load}, Lambda, unbundled`,
      quota: 'SQS: in flight in a queue',
      takes: tasks,
      limit: quotas.inFlight,
      unit: 'messages',
      setting: 'more pools; what runs long belongs on containers',
    },
    {
      load: `${load}, containers`,
      quota: 'ECS: tasks of a service',
      takes: runners,
      limit: quotas.serviceTasks,
      unit: 'runners',
      setting: `${Math.ceil(runners / quotas.serviceTasks)} pools, or ${onRequest}`,
    },
    {
      load: `${load}, from none in ten minutes`,
      quota: 'Fargate: launches',
      takes: runners / 600,
      limit: quotas.launches,
      unit: 'a second',
      setting: `a floor of runners, or ${onRequest}`,
    },
  ];
}

function level(tasks: number): ScaleRow[] {
  const load = `a level of ${tasks.toLocaleString('en')}`;
  const saves = (Math.ceil(tasks / chunk) * chunk * progressBytes) / 1024;
  return [
    {
      load: `${load}, begun in 10 s`,
      quota: "the run's partition: claims",
      takes: tasks / claimBlock / 10,
      limit: quotas.partitionWrites,
      unit: 'units/s',
      setting: `a claim for ${claimBlock} neighbours`,
    },
    {
      load,
      quota: 'SQS: messages of short calls',
      takes: tasks / bundleShort,
      limit: quotas.inFlight,
      unit: 'messages',
      setting: `bundleMax ${bundleShort}`,
    },
    {
      load: `${load}, each a process`,
      quota: 'SQS: in flight in a queue',
      takes: tasks,
      limit: quotas.inFlight,
      unit: 'messages',
      setting: 'what waits is not in flight',
    },
    {
      load: `${load}, saved once a second`,
      quota: "the run's partition: progress",
      takes: saves,
      limit: quotas.partitionWrites,
      unit: 'units/s',
      setting: `chunkSize ${chunk}`,
    },
  ];
}

export const scaleRows = (parts: Parts): readonly ScaleRow[] => [
  ...creates(1_000, parts),
  ...starts(10_000, parts),
  ...sustained(sustainedTasks, parts),
  ...running(3_000_000),
  ...level(100_000),
];

/** What stays of a KB a task. */
export interface Kept {
  readonly what: string;
  readonly terabytes: number;
  readonly usdPerMonth: number;
  readonly megabytesPerSecond: number;
}

const tableGbMonth = 0.25;
const objectGbMonth = 0.023;

/** A KB a task for so many days at a steady rate: in the table, and in objects. */
export function keptRows(perSecond: number, days: number): readonly Kept[] {
  const bytesPerSecond = perSecond * 1024;
  const bytes = bytesPerSecond * 86_400 * days;
  const row = (what: string, gbMonth: number, share: number): Kept => ({
    what,
    terabytes: (bytes * share) / 1e12,
    usdPerMonth: ((bytes * share) / 1e9) * gbMonth,
    megabytesPerSecond: bytesPerSecond / 1e6,
  });
  const week = 7 / days;
  return [
    row(`${days} days in the table`, tableGbMonth, 1),
    row('7 days in the table', tableGbMonth, week),
    row(`${days} days in objects, as they are`, objectGbMonth, 1),
  ];
}
