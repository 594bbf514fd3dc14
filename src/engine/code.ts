import type { CodeOffer } from '../contract/api.ts';
import { archiveLimits, megabytes } from '../contract/archive.ts';
import { installsDependencies, isCodePath, packageNameOf } from '../contract/code.ts';
import { Problem } from '../contract/problem.ts';
import type { Code, CodeArchive, Codes, Task, Workflow } from '../contract/workflow.ts';
import type { Ports } from '../ports/ports.ts';
import { findPackage } from './packages.ts';
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

/** Of all tasks of a workflow: which code they name, and whether what it lists is to be installed. */
interface NamedCode {
  readonly code: string | undefined;
  readonly task: Task;
  readonly installs: boolean;
}
const namedIn = new WeakMap<Workflow, readonly NamedCode[]>();

/** Workflows are large, and few. */
function namedCodes(workflow: Workflow): readonly NamedCode[] {
  const known = namedIn.get(workflow);
  if (known !== undefined) return known;
  const found = new Map<string, NamedCode>();
  for (const task of workflow.tasks) {
    const { code } = task;
    const installs = installsDependencies(task);
    const name = `${installs} ${code ?? ''}`;
    if ((code !== undefined || installs) && !found.has(name))
      found.set(name, { code, task, installs });
  }
  const named = [...found.values()];
  namedIn.set(workflow, named);
  return named;
}

export const codesMax = 100;

/**
 * What the tasks' own code is: what was sent along for paths, and for packages what their names stand for now. Refuses
 * what runners could not find, or could not install for.
 */
export async function resolveCodes(
  ports: Pick<Ports, 'table' | 'blobs' | 'clock'>,
  settings: EngineSettings,
  workflow: Workflow,
  given: { readonly code?: Code | undefined; readonly codes?: Codes | undefined },
): Promise<Codes | undefined> {
  const codes: Record<string, Code> = {};
  const named = namedCodes(workflow);
  for (const { code, task } of named)
    if (code !== undefined) codes[code] ??= await codeOf(ports, settings, given.codes, code, task);
  for (const { code, task, installs } of named)
    if (installs) checkInstalls(code === undefined ? given.code : codes[code], task);
  checkCodes(codes, given.codes);
  return Object.keys(codes).length === 0 ? undefined : codes;
}

async function codeOf(
  ports: Pick<Ports, 'table' | 'blobs' | 'clock'>,
  settings: EngineSettings,
  sent: Codes | undefined,
  text: string,
  { id }: Task,
): Promise<Code> {
  if (sent !== undefined && Object.hasOwn(sent, text)) {
    await checkCode(ports, settings, sent[text]);
    return sent[text] as Code;
  }
  const name = isCodePath(text) ? undefined : packageNameOf(text);
  if (name === undefined)
    throw new Problem('code-unknown', `task ${id}: its code ${text} was not sent along`);
  const code = await findPackage(ports, settings, name);
  await ports.blobs.renew(code.blob);
  return code;
}

function checkCodes(codes: Codes, sent: Codes = {}): void {
  const unused = Object.keys(sent).find((text) => !Object.hasOwn(codes, text));
  if (unused !== undefined) throw new Problem('code-invalid', `no task has the code ${unused}`);
  const count = Object.keys(codes).length;
  if (count <= codesMax) return;
  const message = `the tasks have ${count} different codes, at most ${codesMax} are allowed`;
  throw new Problem('code-invalid', message);
}

function checkInstalls(code: Code | undefined, { id }: Task): void {
  if (code !== undefined && !('folder' in code)) return;
  const why = code === undefined ? 'it has no code' : 'its code is a folder, not an archive';
  throw new Problem(
    'code-invalid',
    `task ${id}: its dependencies cannot be installed, since ${why}; say \`dependencies: off\`, or send an archive`,
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
