/**
 * Goal: every screen of the dashboard works in a real browser, for eyes, keys and screen readers, and nothing that a
 * task says becomes part of the page.
 * Method: one server with a few runs, one Chromium; each screen is opened in light, dark and as a phone has it, checked
 * by axe, and photographed. Without Chromium it says so and passes.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { type Embedded, startEmbedded } from '../../src/embedded/index.ts';
import { bundle } from '../../tools/build.mjs';
import { axe, chromiumFile, launch, pictureFolder, watchErrors } from './browser.ts';
import { allRuns, type Runs } from './runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'fanfold-browser-'));
const pictures = pictureFolder();
const testThere = chromiumFile === undefined ? test.skip : test;
let server: Embedded;
let browser: Browser;
let runs: Runs;
const url = (hash = ''): string => `${server.url}/${hash}`;

beforeAll(async () => {
  await bundle(join(folder, 'built'), []);
  server = await startEmbedded({
    dataFolder: join(folder, 'data'),
    port: 0,
    fsync: false,
    dashboard: join(folder, 'built', 'dashboard'),
  });
  if (chromiumFile === undefined) {
    process.stderr.write('dashboard: there is no Chromium here, so no screen was looked at\n');
    return;
  }
  browser = await launch();
  await makeViewer();
  runs = await allRuns(server.engine);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

const password = 'correct horse battery';

async function makeViewer(): Promise<void> {
  const token = readFileSync(join(folder, 'data', 'token'), 'utf8').trim();
  const made = await fetch(`${server.url}/v1/users/vera`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ password, roles: { main: 'viewer' } }),
  });
  expect(made.status).toBe(200);
}

const desk = { width: 1280, height: 800 };
const phone = { width: 390, height: 780 };
const looks = ['light', 'dark', 'phone'] as const;
type Look = (typeof looks)[number];

interface Opened {
  readonly page: Page;
  /** What went wrong in it so far. */
  readonly errors: string[];
  close(): Promise<void>;
}

async function openPage(look: Look, isSignedIn = true): Promise<Opened> {
  const context = await browser.newContext({
    viewport: look === 'phone' ? phone : desk,
    colorScheme: look === 'dark' ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  if (isSignedIn) await page.goto(server.link() ?? '');
  return { page, errors: watchErrors(page), close: () => context.close() };
}

async function open(hash: string): Promise<Opened> {
  const opened = await openPage('light');
  await opened.page.goto(url(hash));
  return opened;
}

const picture = (page: Page, name: string) =>
  page.screenshot({ path: join(pictures, `${name}.png`) });

test('the page is small, and allows nothing from elsewhere', async () => {
  const built = join(folder, 'built', 'dashboard');
  const bytes = readdirSync(built).reduce(
    (sum, file) => sum + gzipSync(readFileSync(join(built, file))).length,
    0,
  );
  expect(bytes).toBeLessThan(120_000);
  const answer = await fetch(url());
  expect(answer.headers.get('content-type')).toContain('text/html');
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  const text = await answer.text();
  const files = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file ?? '');
  const kept: (string | null)[] = [];
  for (const file of files) {
    const part = await fetch(url().slice(0, -1) + file);
    expect([part.status, part.headers.get('x-content-type-options')]).toEqual([200, 'nosniff']);
    kept.push(part.headers.get('cache-control'));
  }
  const forEver = expect.stringContaining('immutable');
  expect(kept).toEqual(['no-cache', forEver, forEver]);
});

test.each(['/nothing', '/..%2f..%2fpackage.json', '/%2e%2e/main.mjs', '/index.html/x'])(
  'there is no page %s',
  async (path) => {
    const answer = await fetch(url().slice(0, -1) + path);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
      404,
      'route-unknown',
    ]);
  },
);

/** Of each screen: its address, and what shows that it is there. */
const screens: readonly (readonly [string, (made: Runs) => string, string])[] = [
  ['overview', () => '#/', 'text=no such table'],
  ['failures', () => '#/failures', 'text=1 × >> visible=true'],
  ['schedules', () => '#/schedules', '.list >> text=nightly'],
  ['calendar', () => '#/schedules/calendar', '.calendar >> text=nightly'],
  ['schedule', () => '#/schedules/nightly', '.starts li'],
  ['runners', () => '#/runners', 'table >> text=of'],
  ['grid', () => '#/workflows/fan', '.cell'],
  ['audit', () => '#/audit', '.list >> text=putUser'],
  ['runs', () => '#/runs', 'text=fan'],
  ['runs-none', () => '#/runs?text=nowhere', 'text=No run is like that'],
  ['graph', ({ fan }) => `#/runs/${fan}`, 'canvas'],
  ['graph-task', ({ fan }) => `#/runs/${fan}/graph?task=work`, 'aside >> text=12 sub-tasks'],
  [
    'timeline',
    ({ fan }) => `#/runs/${fan}/timeline?critical=1&task=model-b`,
    'text=could have ended',
  ],
  ['timeline-retries', ({ failing }) => `#/runs/${failing}/timeline`, 'canvas'],
  ['tasks', ({ fan }) => `#/runs/${fan}/tasks`, 'text=work[3]'],
  [
    'tasks-failed',
    ({ failing }) => `#/runs/${failing}/tasks?task=bad`,
    'aside >> text=exit code 3',
  ],
  ['logs', ({ failing }) => `#/runs/${failing}/logs`, 'text=about to fail'],
  ['data', ({ failing }) => `#/runs/${failing}/data`, 'text=First failures'],
  ['unknown', () => '#/runs/01JD8K7QZZZZZZZZZZZZZZZZZZ', 'text=there is no run'],
  ['start', () => '#/start', 'text=Attempts at most'],
  ['start-workflow', () => '#/start/workflow', 'text=YAML or JSON'],
];

/** Asking for what is not there is an error in the browser's console too. */
const ownErrors = (errors: readonly string[]) =>
  errors.filter((error) => !error.includes('status of 404'));

/** Other screens are other places in one page, as they are for people. */
const pages = new Map<Look, Opened>();

testThere.each(screens)('the screen %s is there for everybody', async (name, hash, sign) => {
  for (const look of looks) {
    const { page, errors } = pages.get(look) ?? (await openPage(look));
    pages.set(look, { page, errors, close: async () => undefined });
    errors.length = 0;
    await page.goto(url(hash(runs)));
    // On a phone the panel of a task covers what it is about.
    await page.locator(sign).first().waitFor({ state: 'attached' });
    await page.evaluate(
      'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))',
    );
    await picture(page, `${name}-${look}`);
    // On a phone it is the same document, with the same colours as in the light.
    if (look !== 'phone') expect(await axe(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    expect(ownErrors(errors)).toEqual([]);
  }
});

testThere('a run of ten thousand tasks is drawn at once, and moves smoothly', async () => {
  const { page, errors, close } = await open(`#/runs/${runs.large}`);
  await page.locator('canvas').waitFor();
  await page.waitForTimeout(300);
  await picture(page, 'large-whole');
  const box = await page.locator('canvas').boundingBox();
  const [x, y] = [(box?.x ?? 0) + 300, (box?.y ?? 0) + 200];
  await page.mouse.move(x, y);
  await page.evaluate(`
    globalThis.frames_ = [];
    const note = (at) => { frames_.push(at); requestAnimationFrame(note); };
    requestAnimationFrame(note);
  `);
  await page.mouse.down();
  for (let step = 1; step <= 30; step++) await page.mouse.move(x + step * 5, y + step * 3);
  await page.mouse.up();
  for (let step = 0; step < 8; step++) await page.mouse.wheel(0, -200);
  await page.waitForTimeout(300);
  const frames = (await page.evaluate('frames_')) as number[];
  const gaps = frames.slice(1).map((at, n) => at - (frames[n] ?? at));
  const middle = gaps.sort((x, y) => x - y)[gaps.length >> 1] ?? 0;
  process.stderr.write(
    `dashboard: ${frames.length} frames while moving over 10,000 tasks, in the median ${middle.toFixed(1)} ms apart\n`,
  );
  await picture(page, 'large');
  expect(errors).toEqual([]);
  await close();
});

testThere('what a task is called, prints and gives stays text', async () => {
  const { page, errors, close } = await open(`#/runs/${runs.hostile}/data?task=evil`);
  await page.locator('aside >> text=failed').first().waitFor();
  for (const part of ['logs', 'output', 'input', 'about']) {
    await page.goto(url(`#/runs/${runs.hostile}/tasks?task=evil&part=${part}`));
    await page.waitForTimeout(200);
  }
  await page.goto(url(`#/runs/${runs.hostile}/logs`));
  await page.locator('text=<img src=x').first().waitFor();
  expect(await page.evaluate('globalThis.taken')).toBeUndefined();
  expect(await page.locator('main img, main script, main iframe').count()).toBe(0);
  expect(errors).toEqual([]);
  await close();
});

testThere('a run is started, watched, paused, resumed and cancelled', async () => {
  const { page, errors, close } = await open('#/start');
  await page.getByLabel('Code').fill('for i in 1 2 3; do echo line $i; done; sleep 600');
  await page.getByLabel('Name').fill('slow');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByRole('link', { name: 'slow' }).waitFor();
  await page.getByRole('link', { name: 'logs' }).click();
  await page.locator('text=line 3').waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('button', { name: 'Cancel…' }).click();
  await page.getByLabel('Reason').fill('too slow');
  await page.getByRole('button', { name: 'Cancel the run' }).click();
  await page.locator('.run-head >> text=cancelled').first().waitFor();
  await page.locator('text=too slow').waitFor();
  await page.getByRole('button', { name: 'Rerun' }).click();
  await page.locator('.run-head >> text=rerun 2').waitFor();
  const id = /runs\/(\w+)/.exec(page.url())?.[1] ?? '';
  await server.engine.control(id, { action: 'cancel' });
  await page.locator('.run-head >> text=cancelled').first().waitFor();
  expect(errors).toEqual([]);
  await close();
});

testThere('a schedule is paused, resumed, run and removed', async () => {
  const { page, errors, close } = await open('#/schedules/weekly');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.locator('text=None is due').waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.locator('.starts li').first().waitFor();
  await page.getByRole('button', { name: 'Run now' }).click();
  await page.locator('text=A run was started').waitFor();
  await page.getByRole('button', { name: 'Remove…' }).click();
  await page.getByRole('button', { name: 'Remove it' }).click();
  await page.locator('.list >> text=nightly').waitFor();
  expect(await page.locator('.list >> text=weekly').count()).toBe(0);
  expect(errors).toEqual([]);
  await close();
});

testThere('the audit is read and verified', async () => {
  const { page, errors, close } = await open('#/audit');
  await page.getByRole('button', { name: 'Verify' }).click();
  await page.locator('text=as they were written').waitFor();
  expect(errors).toEqual([]);
  await close();
});

testThere('who has no link signs in, sees what they may, and signs out', async () => {
  const { page, errors, close } = await openPage('light', false);
  await page.goto(url('#/runs'));
  await page.getByLabel('Name').fill('vera');
  await page.getByLabel('Password').fill('a wrong password');
  await picture(page, 'sign-in');
  expect(await axe(page)).toEqual([]);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('[role=alert] >> text=wrong').waitFor();
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('.row-link >> text=failing').waitFor();
  expect(await page.getByText('Start a run').count()).toBe(0);
  await page.goto(url(`#/runs/${runs.failing}`));
  await page.locator('canvas').waitFor();
  expect(await page.getByRole('button', { name: 'Rerun' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Password').waitFor();
  const refused = /status of 401/;
  expect(errors.filter((error) => !refused.test(error))).toEqual([]);
  await close();
});

testThere('a mistake in a workflow is told with its line', async () => {
  const { page, close } = await open('#/start/workflow');
  await page.getByLabel('Workflow').fill('name: x\ntasks:\n  a: { rum: echo }\n');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.locator('[role=alert] >> text=line 3').waitFor();
  await close();
});

testThere('all can be done with keys', async () => {
  const { page, errors, close } = await open('#/runs');
  await page.locator('.row-link').first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('failing');
  await page.waitForURL(/text=failing/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('f');
  await page.waitForURL(/state=failed/);
  await page.locator('.row-link >> text=failing').waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(runs.failing));
  await page.locator('canvas').waitFor();
  await page.locator('canvas').focus();
  await page.keyboard.press('ArrowRight');
  await page.locator('aside').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('aside').waitFor({ state: 'detached' });
  await page.keyboard.press('3');
  await page.locator('.list >> text=bad').first().waitFor();
  await page.keyboard.press('?');
  await page.locator('dialog >> text=next row').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await page.waitForURL(/#\/runs$/);
  expect(errors).toEqual([]);
  await close();
});

test('pictures are kept', () => {
  if (chromiumFile !== undefined) expect(existsSync(join(pictures, 'runs-light.png'))).toBe(true);
  process.stderr.write(`dashboard: pictures are in ${pictures}\n`);
});
