/** The emulator's own Python environment. */
import { join } from 'node:path';
import { pythonWith, whyNoPython } from '../python-environment.ts';

/** Why the emulator cannot be had here; undefined when it can. */
export function whyNoEmulator(): string | undefined {
  const why = whyNoPython();
  return why && `${why}, so nothing can be tried against an AWS on this machine`;
}

export const emulatorPython = (): Promise<string> =>
  pythonWith('aws-local', join(import.meta.dirname, 'requirements.txt'), 'the emulator');
