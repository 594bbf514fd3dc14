/** Writes the description of what a data centre's API has to answer. A test fails when the file is stale. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { printDatacenterApi } from '../src/adapters/http/datacenter-contract.ts';

const file = join(import.meta.dirname, '..', 'docs', 'datacenter-api.openapi.json');
writeFileSync(file, printDatacenterApi());
