import { readFileSync } from 'node:fs';

/** Our own version, from the package's manifest. */
export function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(manifest) as { readonly version?: string }).version);
}
