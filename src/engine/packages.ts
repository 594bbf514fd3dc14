/** Code that was pushed under a name: its archive is a blob, and each push a version that never changes. */
import type { PackageSummary, PackageVersion, PackageView, PageOf } from '../contract/api.ts';
import type { PackageName } from '../contract/code.ts';
import { Problem } from '../contract/problem.ts';
import { type CodeArchive, namePattern } from '../contract/workflow.ts';
import type { Ports } from '../ports/ports.ts';
import type { Item } from '../ports/table.ts';
import {
  allShards,
  asData,
  fromData,
  packageKey,
  packageListPartition,
  packageVersionKey,
  packageVersionsPartition,
} from './items.ts';
import { pagesOf } from './pages.ts';
import { renewMs } from './retention.ts';
import type { EngineSettings } from './settings.ts';

type Needs = Pick<Ports, 'table' | 'blobs' | 'clock'>;

/** Of a name: what was pushed last. */
interface Head extends CodeArchive {
  readonly at: number;
}
/** Of a version: when it was pushed first, and when its blob was last made to stay. */
interface Version {
  readonly size: number;
  readonly at: number;
  readonly renewedAt: number;
}

/** Durable when answered. Pushing what is there already makes it the last one again, and changes nothing else. */
export async function pushPackage(
  ports: Needs,
  settings: EngineSettings,
  name: string,
  { blob, size }: CodeArchive,
): Promise<PackageVersion> {
  checkName(name);
  if (!(await ports.blobs.has(blob)))
    throw new Problem('code-unknown', `the code ${blob} is not here; send it first`);
  await ports.blobs.renew(blob);
  const at = ports.clock.now();
  const key = packageVersionKey(settings.namespace, name, blob);
  const version: Version = { size, at, renewedAt: at };
  const put = await ports.table.put({ ...key, version: 1, data: asData(version) }, 'absent');
  const stored = put.done || !put.found ? version : fromData<Version>(put.found.data);
  await makeLast(ports, settings, name, { blob, size: stored.size, at });
  return { name, digest: blob, size: stored.size, pushedAt: stored.at, isNew: put.done };
}

function checkName(name: string): void {
  if (namePattern.test(name)) return;
  throw new Problem(
    'input-invalid',
    `${JSON.stringify(name.slice(0, 150))} is no name for a package: up to 128 letters, digits, "_", "-" and ".", beginning with a letter, digit or "_"`,
  );
}

async function makeLast(
  { table }: Needs,
  settings: EngineSettings,
  name: string,
  head: Head,
): Promise<void> {
  const key = packageKey(settings, name);
  for (let found = await table.get(key); ; ) {
    const item = { ...key, version: (found?.version ?? 0) + 1, data: asData(head) };
    const put = await table.put(item, found ? { version: found.version } : 'absent');
    if (put.done) return;
    found = put.found;
  }
}

/** By name. */
export async function listPackages(
  { table }: Needs,
  settings: EngineSettings,
  { after, limit = 100 }: { readonly after?: string; readonly limit?: number },
): Promise<PageOf<PackageSummary>> {
  const pages = await Promise.all(
    allShards(settings).map((shard) =>
      table.query({
        partition: packageListPartition(settings.namespace, shard),
        ...(after !== undefined && { from: `${after}\0` }),
        limit: limit + 1,
      }),
    ),
  );
  const found = pages.flatMap(({ items }) => items).sort((a, b) => (a.sort < b.sort ? -1 : 1));
  const items = found.slice(0, limit).map(summaryOf);
  return { items, next: found.length > limit ? (items.at(-1)?.name ?? null) : null };
}

function summaryOf({ sort, data }: Item): PackageSummary {
  const { blob, size, at } = fromData<Head>(data);
  return { name: sort, digest: blob, size, pushedAt: at };
}

/** With its versions, those that were pushed first last. */
export async function showPackage(
  ports: Needs,
  settings: EngineSettings,
  name: string,
): Promise<PackageView> {
  const head = await headOf(ports, settings, name);
  const versions: PackageVersion[] = [];
  for await (const { sort, data } of versionsOf(ports.table, settings.namespace, name)) {
    const { size, at } = fromData<Version>(data);
    versions.push({ name, digest: sort, size, pushedAt: at });
  }
  versions.sort((a, b) => b.pushedAt - a.pushedAt || (a.digest < b.digest ? -1 : 1));
  return { name, digest: head.blob, size: head.size, pushedAt: head.at, versions };
}

async function headOf({ table }: Needs, settings: EngineSettings, name: string): Promise<Head> {
  const item = await table.get(packageKey(settings, name));
  if (item !== undefined) return fromData<Head>(item.data);
  throw new Problem(
    'package-unknown',
    `there is no package ${name}: push it by \`npx fanfold push PATH --name ${name}\`; a path begins with "./"`,
  );
}

/** The code that a package's name stands for now. */
export async function findPackage(
  ports: Needs,
  settings: EngineSettings,
  { name, digest }: PackageName,
): Promise<CodeArchive> {
  if (digest === undefined) {
    const { blob, size } = await headOf(ports, settings, name);
    return { blob, size };
  }
  const partition = packageVersionsPartition(settings.namespace, name);
  const range = { partition, from: digest, to: `${digest}g`, limit: 2 };
  const { items } = await ports.table.query(range);
  const [item] = items;
  if (item === undefined) {
    await headOf(ports, settings, name);
    throw new Problem('package-unknown', `the package ${name} has no version ${digest}`);
  }
  if (items.length > 1)
    throw new Problem('package-unknown', `several versions of ${name} begin with ${digest}`);
  return { blob: item.sort, size: fromData<Version>(item.data).size };
}

/** Blobs leave by their age; those of packages stay. To be called more often than `renewMs`. */
export async function renewPackages(ports: Needs, settings: EngineSettings): Promise<void> {
  if (settings.retention === undefined) return;
  const due = ports.clock.now() - renewMs(settings.retention);
  for await (const version of allVersions(ports, settings)) {
    const { renewedAt } = fromData<Version>(version.data);
    if (renewedAt <= due) await renewVersion(ports, version);
  }
}

async function* allVersions({ table }: Needs, settings: EngineSettings): AsyncGenerator<Item> {
  const { namespace } = settings;
  for (const shard of allShards(settings))
    for await (const heads of pagesOf(table, { partition: packageListPartition(namespace, shard) }))
      for (const { sort } of heads) yield* versionsOf(table, namespace, sort);
}

async function* versionsOf(
  table: Needs['table'],
  namespace: string,
  name: string,
): AsyncGenerator<Item> {
  const partition = packageVersionsPartition(namespace, name);
  for await (const items of pagesOf(table, { partition })) yield* items;
}

async function renewVersion({ table, blobs, clock }: Needs, item: Item): Promise<void> {
  await blobs.renew(item.sort);
  const data = asData({ ...fromData<Version>(item.data), renewedAt: clock.now() });
  await table.put({ ...item, version: item.version + 1, data }, { version: item.version });
}
