/** Debian's Chromium, and a page of it that tells what goes wrong. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Undefined: this machine has none. */
export const chromiumFile = [process.env.CHROMIUM ?? '', ...places].find(
  (file) => file !== '' && existsSync(file),
);

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumFile ?? '',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });

/** Where pictures of this test run are kept, to be looked at. */
export function pictureFolder(): string {
  const given = process.env.FANFOLD_PICTURES;
  if (given === undefined) return mkdtempSync(join(tmpdir(), 'fanfold-pictures-'));
  mkdirSync(given, { recursive: true });
  return given;
}

/** Collects errors of the page: in its console, thrown, and of what it asked for. */
export function watchErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText;
    // What a page that is left had under way.
    if (why !== 'net::ERR_ABORTED') errors.push(`${request.url()}: ${why}`);
  });
  return errors;
}

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** What makes the page hard to use for some: nothing, if all is well. */
export async function axe(page: Page): Promise<string[]> {
  // Evaluated from outside, so that the page's own policy need not allow it.
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(axeSource);
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html} ${failureSummary ?? ''}`),
  );
}
