/** Where runners find what others have installed: under a key that says what it is made of, as an archive among the blobs. */
import type { CodeArchive } from '../contract/workflow.ts';
import type { Ports } from '../ports/ports.ts';
import { asData, fromData, installedKey } from './items.ts';
import type { EngineSettings } from './settings.ts';

type Needs = Pick<Ports, 'table' | 'blobs' | 'clock'>;

/** Nobody waits for what is no longer listed: it is installed again. */
const listedMs = 90 * 86_400_000;

export interface Installed {
  find(key: string): Promise<CodeArchive | undefined>;
  /** The last one counts. */
  list(key: string, archive: CodeArchive): Promise<void>;
}

export const createInstalled = (
  { table, blobs, clock }: Needs,
  { namespace }: Pick<EngineSettings, 'namespace'>,
): Installed => ({
  async find(key) {
    const item = await table.get(installedKey(namespace, key));
    if (item === undefined) return undefined;
    const archive = fromData<CodeArchive>(item.data);
    await blobs.renew(archive.blob);
    return archive;
  },
  async list(key, archive) {
    const data = asData(archive);
    const expiresAt = clock.now() + listedMs;
    await table.put({ ...installedKey(namespace, key), version: 1, data, expiresAt }, 'any');
  },
});
