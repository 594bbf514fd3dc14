import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.ts';

/** Our own version, from the package's manifest. */
export function version(): string {
  const manifest = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return String((JSON.parse(manifest) as { readonly version?: string }).version);
}
