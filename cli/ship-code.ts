/** Code for a server: as a folder where the server is on this machine, else as an archive that is sent there. */
import { createHash } from 'node:crypto';
import { archiveFolder } from '../src/client/archive-folder.ts';
import { archivePath, folderAt } from '../src/client/archive-path.ts';
import { isOwnMachine } from '../src/client/own-machine.ts';
import type { SubmitRequest } from '../src/contract/api.ts';
import { installsDependencies } from '../src/contract/code.ts';
import type { Code, CodeArchive, Task } from '../src/contract/workflow.ts';
import type { Embedded } from './shell.ts';

/** Who runs tasks: a server, or this process. */
export interface CodeTarget {
  /** It sees the folders of this machine. */
  readonly seesFolders: boolean;
  sendCode(bytes: Uint8Array): Promise<CodeArchive>;
}

export const serverTarget = (server: {
  readonly url: string;
  sendCode(bytes: Uint8Array): Promise<CodeArchive>;
}): CodeTarget => ({
  seesFolders: isOwnMachine(server.url),
  sendCode: (bytes) => server.sendCode(bytes),
});

export const ownTarget = ({ engine }: Pick<Embedded, 'engine'>): CodeTarget => ({
  seesFolders: true,
  sendCode: (bytes) => engine.putCode(createHash('sha256').update(bytes).digest('hex'), bytes),
});

/** The request as these runners can use it. What has dependencies to be installed is an archive everywhere. */
export async function shipCode(request: SubmitRequest, target: CodeTarget): Promise<SubmitRequest> {
  const { tasks } = request.workflow;
  const shipped = { ...request };
  const { code } = request;
  const installs = tasks.some((task) => task.code === undefined && installsDependencies(task));
  if (code !== undefined && 'folder' in code && (installs || !target.seesFolders))
    shipped.code = await target.sendCode(await archiveFolder(code.folder));
  if (request.codes !== undefined) shipped.codes = await shipAll(request.codes, tasks, target);
  return shipped;
}

async function shipAll(
  codes: Readonly<Record<string, Code>>,
  tasks: readonly Task[],
  target: CodeTarget,
): Promise<Record<string, Code>> {
  const shipped: Record<string, Code> = {};
  for (const [text, code] of Object.entries(codes)) {
    if (!('folder' in code)) continue;
    const installs = tasks.some((task) => task.code === text && installsDependencies(task));
    const folder = target.seesFolders && !installs ? await folderAt(code.folder) : undefined;
    shipped[text] =
      folder === undefined ? await target.sendCode(await archivePath(code.folder)) : { folder };
  }
  return shipped;
}
