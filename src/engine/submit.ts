import type { SubmitManyRequest, SubmitRequest } from '../contract/api.ts';
import { isCodePath } from '../contract/code.ts';
import type { JsonObject } from '../contract/json.ts';
import { Problem } from '../contract/problem.ts';
import type { Workflow } from '../contract/workflow.ts';
import { encodeChunk, type StoredChunk } from '../core/chunk-codec.ts';
import { compile, type Dag } from '../core/dag.ts';
import { emptyChunk } from '../core/progress.ts';
import type { Ports } from '../ports/ports.ts';
import { type Item, type Put, type PutResult, Unavailable } from '../ports/table.ts';
import type { Archive } from './archive.ts';
import { timeOfId } from './archive-list.ts';
import { storeValue } from './blobs.ts';
import { withDefaults } from './check-input.ts';
import { checkCode, resolveCodes } from './code.ts';
import { givenResources } from './given-resources.ts';
import { fromData, type Meta, runOf } from './items.ts';
import type { Runs } from './runs.ts';
import { metaItem } from './save-run.ts';
import type { EngineSettings } from './settings.ts';
import type { Spec, Specs } from './specs.ts';
import { isUnlisted, wakeListPuts } from './wake-lists.ts';

/** Canonical text and hash of a workflow; throws `Problem` `workflow-invalid` with every mistake's place. */
export type Canonical = (workflow: Workflow) => {
  readonly workflow: Workflow;
  /** As text, or as bytes of UTF-8. */
  readonly text: string | Uint8Array;
  readonly hash: string;
  /** When it was compiled already. */
  readonly dag?: Dag;
};

export interface Submitter {
  readonly ports: Pick<Ports, 'table' | 'blobs' | 'clock' | 'ids'>;
  readonly settings: EngineSettings;
  readonly specs: Specs;
  readonly runs: Runs;
  readonly canonical: Canonical;
  /** Runs that left the table: their ids are taken still. */
  readonly archive: Pick<Archive, 'meta'>;
}

export interface Accepted {
  readonly hash: string;
  readonly spec: Spec;
  /** Of a run that has just begun, where it lies in META: the same for all runs of a call. */
  readonly progress: StoredChunk | undefined;
}

/**
 * Accepts a run: answered means durable. The workflow is stored first, META last, so that nothing runs in part. The
 * same id with the same workflow, input and code is the same run; with others, `run-exists`.
 */
export async function submit(
  submitter: Submitter,
  request: SubmitRequest,
): Promise<{ readonly meta: Meta; readonly created: boolean }> {
  await checkCode(submitter.ports, submitter.settings, request.code);
  const accepted = await accept(submitter, givenResources(request.workflow, request.resources));
  const code = await codeFor(submitter, accepted, request);
  const item = await itemFor(submitter, accepted, code, request.id, request.input);
  const [result] = await storeNew(submitter, [{ item, condition: 'absent' }]);
  return outcomeOf(item, result as PutResult);
}

/** Accepts one run for each input. All are checked before the first is stored; then each is accepted alone. */
export async function submitMany(
  submitter: Submitter,
  request: SubmitManyRequest,
): Promise<readonly string[]> {
  await checkCode(submitter.ports, submitter.settings, request.code);
  const accepted = await accept(submitter, givenResources(request.workflow, request.resources));
  const code = await codeFor(submitter, accepted, request);
  const puts: Put[] = [];
  for (const [i, { id, input }] of request.runs.entries()) {
    const item = await itemFor(submitter, accepted, code, id, input, `/runs/${i}`);
    puts.push({ item, condition: 'absent' });
  }
  await listTogether(submitter, puts);
  const results = await storeNew(submitter, puts);
  return results.map((result, i) => outcomeOf((puts[i] as Put).item, result).meta.id);
}

/** A run of a workflow that is stored and in memory, under an id that says what it is for. */
export interface StoredRequest extends CodeAndTags {
  readonly id: string;
  readonly hash: string;
  readonly spec: Spec;
  readonly input: JsonObject;
}

/** Accepts runs of workflows that are stored. Those that are there already stay as they are: an id is one run. */
export async function submitStored(
  submitter: Submitter,
  requests: readonly StoredRequest[],
): Promise<readonly Meta[]> {
  const puts: Put[] = [];
  for (const { hash, spec, id, input, ...request } of requests) {
    const accepted = { hash, spec, progress: begun(submitter, spec) };
    const item = await itemFor(submitter, accepted, request, id, input);
    puts.push({ item, condition: 'absent' });
  }
  const results = await storeNew(submitter, puts);
  return results.map((result, i) =>
    fromData<Meta>(((result.done ? undefined : result.found) ?? (puts[i] as Put).item).data),
  );
}

/** As `store`, but for those that are in the archive. */
async function storeNew(submitter: Submitter, puts: readonly Put[]): Promise<PutResult[]> {
  const results = await Promise.all(puts.map(({ item }) => archivedBefore(submitter, item)));
  const fresh = puts.filter((_put, i) => results[i] === undefined);
  const stored = (await store(submitter, fresh)).values();
  return results.map((result) => result ?? (stored.next().value as PutResult));
}

/** An id that was made just now can't be in the archive, so most often nothing has to be read. */
async function archivedBefore(
  { archive, ports, settings }: Submitter,
  { partition }: Item,
): Promise<PutResult | undefined> {
  const id = runOf(partition);
  const age = ports.clock.now() - timeOfId(id);
  if (Math.abs(age) < (settings.retention?.archiveMs ?? dayMs) / 2) return undefined;
  const found = await archive.meta(id);
  return found && { done: false, found };
}

const dayMs = 86_400_000;

/**
 * Runs that are submitted together are listed together before they are there, where nothing is said of each: an entry in
 * the index would be paid for when it comes and when it goes.
 */
async function listTogether({ ports, settings }: Submitter, puts: readonly Put[]): Promise<void> {
  const runs = puts.map(({ item }) => fromData<Meta>(item.data)).filter(isUnlisted);
  const ids = runs.map(({ id }) => id);
  const lists = wakeListPuts(settings, ports.clock.now(), ids, () => ports.ids.next());
  if (lists.length > 0) await putSurely(ports, lists);
}

async function store({ ports, runs }: Submitter, puts: readonly Put[]): Promise<PutResult[]> {
  for (const { item } of puts) runs.submitting(runOf(item.partition));
  let results: PutResult[] = [];
  try {
    results = await putSurely(ports, puts);
    return results;
  } finally {
    for (const [i, { item }] of puts.entries())
      runs.submitted(runOf(item.partition), results[i]?.done === true);
  }
}

const triesMax = 3;
const pauseMs = 100;

/**
 * A put that was answered by silence may have begun the run. Whoever submits without an id would begin another one by
 * trying again, so it is tried again here, where the ids are known: what lies there then is ours.
 */
async function putSurely(
  { table, clock }: Pick<Ports, 'table' | 'clock'>,
  puts: readonly Put[],
): Promise<PutResult[]> {
  for (let tries = 1; ; tries++) {
    try {
      return await table.putMany(puts);
    } catch (error) {
      if (!(error instanceof Unavailable) || tries >= triesMax) throw error;
      await clock.sleep(tries * pauseMs);
    }
  }
}

/** Checks a workflow, and stores it. */
export async function accept(submitter: Submitter, given: Workflow): Promise<Accepted> {
  const { workflow, text, hash, dag } = submitter.canonical(given);
  const now = submitter.ports.clock.now();
  const known = submitter.specs.fresh(hash, now);
  if (known) return { hash, spec: known, progress: begun(submitter, known) };
  const spec = { workflow, dag: dag ?? compiled(workflow) };
  await submitter.specs.store(hash, text, spec, now);
  return { hash, spec, progress: begun(submitter, spec) };
}

function compiled({ tasks }: Workflow): Dag {
  const result = compile(tasks);
  if (result.kind === 'dag') return result.dag;
  throw new Problem('workflow-invalid', `the workflow does not compile: ${result.kind}`);
}

function begun({ settings }: Submitter, { workflow }: Spec): StoredChunk | undefined {
  const count = workflow.tasks.length;
  if (count > settings.smallRunTasks) return undefined;
  return encodeChunk(emptyChunk(Math.min(count, settings.chunkSize), 1));
}

export type CodeAndTags = Pick<SubmitRequest, 'code' | 'codes' | 'tags'>;

/** Where the code of a workflow's tasks is, looked up once for all its runs. */
export async function codeFor(
  { ports, settings }: Submitter,
  { spec }: Accepted,
  { code, codes, tags }: CodeAndTags,
): Promise<CodeAndTags> {
  return { code, tags, codes: await resolveCodes(ports, settings, spec.workflow, { code, codes }) };
}

async function itemFor(
  submitter: Submitter,
  accepted: Accepted,
  request: CodeAndTags,
  id: string | undefined,
  given: JsonObject | undefined,
  pointer?: string,
): Promise<Item> {
  const { ports, settings } = submitter;
  const { workflow } = accepted.spec;
  const now = ports.clock.now();
  const alone = pointer === undefined;
  const input = withDefaults(workflow, given ?? {}, pointer ?? '');
  const tasks = workflow.tasks.length;
  const deadline = workflow.timeLimitMs === undefined ? undefined : now + workflow.timeLimitMs;
  const meta: Meta = {
    id: id ?? ports.ids.next(),
    workflow: workflow.name,
    hash: accepted.hash,
    createdAt: now,
    input: emptyOr(input) ?? (await storeValue(ports.blobs, input, 32 * 1024)),
    ...(request.code && { code: request.code }),
    ...(request.codes && { codes: request.codes }),
    ...(request.tags && request.tags.length > 0 && { tags: request.tags }),
    tasks,
    chunkSize: settings.chunkSize,
    small: tasks <= settings.smallRunTasks,
    state: 'running',
    generation: 1,
    ...(deadline !== undefined && { deadline }),
    ...((deadline !== undefined || alone) && {
      wakeAt: Math.min(now + settings.wakeMs, deadline ?? Number.POSITIVE_INFINITY),
    }),
  };
  return metaItem(settings, meta, accepted.progress, 1);
}

const emptyOr = (input: JsonObject): { value: JsonObject } | undefined => {
  for (const _ in input) return undefined;
  return { value: input };
};

function outcomeOf(item: Item, result: PutResult): { meta: Meta; created: boolean } {
  const meta = fromData<Meta>(item.data);
  if (result.done) return { meta, created: true };
  const found = result.found && fromData<Meta>(result.found.data);
  const same =
    found !== undefined &&
    found.hash === meta.hash &&
    JSON.stringify(found.input) === JSON.stringify(meta.input) &&
    JSON.stringify([found.code, sentCodes(found)]) === JSON.stringify([meta.code, sentCodes(meta)]);
  if (!same)
    throw new Problem(
      'run-exists',
      `run ${meta.id} exists already, with another workflow, input or code`,
    );
  return { meta: found, created: false };
}

/** What a package's name stands for may have changed since the run was submitted first, which keeps what it had. */
const sentCodes = ({ codes = {} }: Meta) =>
  Object.entries(codes)
    .filter(([text]) => isCodePath(text))
    .sort();
