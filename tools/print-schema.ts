/** Writes the JSON Schema of workflow files, for editors. A test fails when the file is stale. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { printSchema } from '../src/definition/schema.ts';

const file = join(import.meta.dirname, '..', 'docs', 'workflow.schema.json');
writeFileSync(file, printSchema());
