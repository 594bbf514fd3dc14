/** How a task says where its code is. */
import { namePattern, type Task } from './workflow.ts';

/** `./folder`, `../file.py`, `/opt/code.zip`, `.`: on the disk of who submits, from the workflow's folder on. */
export const isCodePath = (code: string): boolean => /^(\.{1,2}(\/|$)|\/)/.test(code);

export interface PackageName {
  readonly name: string;
  /** The SHA-256 of its archive, or the beginning of it. Without one: what was pushed last. */
  readonly digest?: string;
}

const digestPattern = /^(?:sha256:)?([0-9a-f]{7,64})$/;

/** `resize`, or `resize@` and a digest; undefined: it is no package's name. */
export function packageNameOf(code: string): PackageName | undefined {
  const at = code.indexOf('@');
  const name = at < 0 ? code : code.slice(0, at);
  if (!namePattern.test(name)) return undefined;
  if (at < 0) return { name };
  const digest = digestPattern.exec(code.slice(at + 1))?.[1];
  return digest === undefined ? undefined : { name, digest };
}

/** Whether what the manifests in its code list is installed: where the code is named, unless it says otherwise. */
export const installsDependencies = ({
  code,
  dependencies,
}: Pick<Task, 'code' | 'dependencies'>): boolean =>
  (dependencies ?? (code === undefined ? 'off' : 'auto')) === 'auto';
