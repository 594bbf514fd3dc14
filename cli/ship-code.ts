/** Code for a server: as a folder where the server is on this machine, else as an archive that is sent there. */
import { archiveFolder } from '../src/client/archive-folder.ts';
import { isOwnMachine } from '../src/client/own-machine.ts';
import type { SubmitRequest } from '../src/contract/api.ts';
import type { Remote } from './shell.ts';

/** The request as this server's runners can use it. */
export async function shipCode(
  request: SubmitRequest,
  server: Pick<Remote, 'url' | 'sendCode'>,
): Promise<SubmitRequest> {
  const { code } = request;
  if (code === undefined || !('folder' in code) || isOwnMachine(server.url)) return request;
  return { ...request, code: await server.sendCode(await archiveFolder(code.folder)) };
}
