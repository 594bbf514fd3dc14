import type { CodeOffer } from '../contract/api.ts';
import { archiveLimits, megabytes } from '../contract/archive.ts';
import { Problem } from '../contract/problem.ts';
import type { Code, CodeArchive } from '../contract/workflow.ts';
import type { Ports } from '../ports/ports.ts';
import type { EngineSettings } from './settings.ts';

type Needs = Pick<Ports, 'blobs'>;

/** Says whether an archive of code is here, and where it is to be put if not. */
export async function offerCode({ blobs }: Needs, archive: CodeArchive): Promise<CodeOffer> {
  checkPackedSize(archive.size);
  if (await blobs.has(archive.blob)) return { there: true };
  const upload = await blobs.uploadTo(archive.blob);
  return { there: false, ...(upload && { upload }) };
}

/** Durable when answered. */
export async function putCode(
  { blobs }: Needs,
  hash: string,
  bytes: Uint8Array,
): Promise<CodeArchive> {
  checkPackedSize(bytes.length);
  const blob = await blobs.put(bytes);
  if (blob === hash) return { blob, size: bytes.length };
  throw new Problem('code-invalid', `the code's hash is ${blob}, not ${hash} as was said`);
}

export function checkPackedSize(bytes: number): void {
  const { packedBytes } = archiveLimits;
  if (bytes > packedBytes)
    throw new Problem(
      'code-invalid',
      `the code's archive is larger than ${megabytes(packedBytes)}`,
    );
}

/** Refuses code that runners could not find. */
export async function checkCode(
  { blobs }: Needs,
  settings: EngineSettings,
  code: Code | undefined,
): Promise<void> {
  if (code === undefined) return;
  if ('folder' in code) {
    if (settings.codeFolders) return;
    throw new Problem(
      'code-invalid',
      'the runners of this server see none of your folders: send the code as an archive, as `npx fanfold submit` does',
      [{ pointer: '/code/folder', message: 'is a folder of another machine' }],
    );
  }
  if (await blobs.has(code.blob)) return blobs.renew(code.blob);
  throw new Problem('code-unknown', `the code ${code.blob} is not here; send it first`, [
    { pointer: '/code/blob', message: 'is not here' },
  ]);
}
