import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** Answers what the dashboard's address is asked for; undefined: it is none of its files. */
type Pages = (path: string) => Promise<Response | undefined>;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing from elsewhere, nothing written into the page, and no text that becomes a program. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const common = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** A name with a hash of what is in the file: it will never be another. */
const hashed = /-[A-Z0-9]{8}\./;
const forEver = 'public, max-age=31536000, immutable';

/** The files of a folder, each known by its name alone: no path of a request is ever looked up on the disk. */
function servePages(folder: string): Pages {
  let names: Promise<ReadonlySet<string>> | undefined;
  const list = async () => new Set(await readdir(folder));
  return async (path) => {
    const name = path === '/' ? 'index.html' : path.slice(1);
    names ??= list();
    if (!(await names).has(name)) return undefined;
    return new Response(new Uint8Array(await readFile(join(folder, name))), {
      headers: {
        ...common,
        'content-type': types[extname(name)] ?? 'application/octet-stream',
        'cache-control': hashed.test(name) ? forEver : 'no-cache',
      },
    });
  };
}

/** `given`: the folder, or null for none. */
export function pagesOf(given: string | null | undefined): { readonly pages?: Pages } {
  const folder = given === undefined ? dashboardFolder() : given;
  return folder === null || folder === undefined ? {} : { pages: servePages(folder) };
}

/** Where the dashboard is: beside our own bundle, or in the newest build of a clone. Undefined: it was never made. */
function dashboardFolder(): string | undefined {
  const beside = join(import.meta.dirname, 'dashboard');
  if (existsSync(join(beside, 'index.html'))) return beside;
  return builtFolder(join(import.meta.dirname, '..', '..', 'dist'));
}

function builtFolder(dist: string): string | undefined {
  try {
    const { build } = JSON.parse(readFileSync(join(dist, 'current.json'), 'utf8'));
    const folder = join(dist, String(build), 'dashboard');
    return existsSync(join(folder, 'index.html')) ? folder : undefined;
  } catch {
    return undefined;
  }
}
