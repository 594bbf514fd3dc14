import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './error-code.ts';

/** Nothing for a folder that is not there. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

export const filesIn = async (folder: string): Promise<readonly string[]> =>
  (await namesIn(folder)).map((name) => join(folder, name));
