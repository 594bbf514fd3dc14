import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { parseSettings } from '../../infra/settings.ts';
import { makeStacks, type Stacks } from '../../infra/stacks.ts';

export const functionNames = ['api', 'archive', 'fan-out', 'image-pushed', 'run', 'scale', 'sweep'];

/** Something to deploy for each function, always the same: templates name code by its hash. */
export function openCodeFolder(): { readonly folder: string; close(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-infra-'));
  for (const name of functionNames) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'index.mjs'), `export const name = '${name}';`);
  }
  return { folder, close: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface Synthesized {
  readonly app: App;
  readonly stacks: Stacks;
  readonly templates: Readonly<Record<keyof Stacks, Template>>;
}

/** The stacks that settings give, as templates. */
export function synthesize(given: unknown, codeFolder: string): Synthesized {
  const app = new App();
  const stacks = makeStacks(app, {
    settings: parseSettings(given),
    codeFolder,
    imagesFolder: codeFolder,
  });
  const templates = Object.fromEntries(
    Object.entries(stacks).map(([name, stack]) => [name, Template.fromStack(stack)]),
  );
  return { app, stacks, templates: templates as Synthesized['templates'] };
}
