import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Who runs in a container, where this process may become somebody else. */
export const runnerUser: { readonly uid?: number; readonly gid?: number } =
  process.getuid?.() === 0 ? { uid: 10_001, gid: 10_001 } : {};

/** Only Linux hides what runs a program that may not be read. */
export const hides = process.platform === 'linux';

/** This Node, as a program that may be run and not read: as images of runners have it. */
export function unreadableNode(folder: string): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const program = join(bin, 'runner');
  copyFileSync(process.execPath, program);
  chmodSync(program, 0o111);
  chmodSync(bin, 0o755);
  chmodSync(folder, 0o755);
  return program;
}
