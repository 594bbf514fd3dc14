/** Writes the JSON Schemas of the runner's protocol, for harnesses in any language. A test fails when one is stale. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { printProtocol, protocolSchemas } from '../src/contract/runner-protocol.ts';

const folder = join(import.meta.dirname, '..', 'runtime-images', 'protocol');
mkdirSync(folder, { recursive: true });
for (const name of Object.keys(protocolSchemas) as (keyof typeof protocolSchemas)[])
  writeFileSync(join(folder, `${name}.schema.json`), printProtocol(name));
