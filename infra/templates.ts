import { App } from 'aws-cdk-lib';
import type { Settings } from './settings.ts';
import { makeStacks } from './stacks.ts';

/** The templates that settings give, by the names of their stacks; nothing is deployed. */
export function templatesOf(settings: Settings, codeFolder: string): Record<string, object> {
  const app = new App();
  const stacks = Object.values(makeStacks(app, { settings, codeFolder, imagesFolder: codeFolder }));
  const assembly = app.synth();
  return Object.fromEntries(
    stacks.map(({ artifactId, stackName }) => [
      stackName,
      assembly.getStackArtifact(artifactId).template,
    ]),
  );
}
