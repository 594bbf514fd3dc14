import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { archiveFolder } from '../../src/client/archive-folder.ts';
import type { SubmitRequest } from '../../src/contract/api.ts';
import type { Workflow } from '../../src/contract/workflow.ts';
import { loadWorkflow } from '../../src/definition/load.ts';
import { importWfcommons } from '../../src/definition/wfcommons.ts';
import { type Embedded, startEmbedded } from '../../src/embedded/index.ts';
import type { Fanfold } from '../../src/index.ts';
import { whyNoEmulator } from '../../tools/aws-local/environment.ts';
import { root } from '../examples/cli.ts';
import { INSTALL_MS } from '../support/aws-home.ts';
import { canonicalRun } from '../support/canonical-events.ts';
import { DEPLOY_MS, type Deployed, deployed } from '../support/deployed.ts';
import { randomWorkflow } from '../support/random-workflow.ts';

const END_MS = 600_000;
jest.setTimeout(END_MS + 60_000);

const reason = whyNoEmulator();
const fixtures = join(root, 'test/definition/fixtures');
/** Real ones lie beside the repository where it is developed. */
const beside = join(root, '../shared/data/workflows/instances');
const recorded = [
  join(fixtures, 'diamond.wfformat.json'),
  join(fixtures, 'stages.wfformat.json'),
  join(beside, 'epigenomics-chameleon-hep-1seq-100k-001.json.gz'),
  join(beside, '1000genome-chameleon-2ch-100k-001.json.gz'),
].filter(existsSync);

async function begun(fanfold: Fanfold, request: SubmitRequest): Promise<string> {
  return (await fanfold.submit(request)).run.id;
}

async function endOf(fanfold: Fanfold, run: string) {
  await fanfold.end(run, END_MS);
  return canonicalRun(fanfold, run);
}

/**
 * Whether a runner that was too busy handed an attempt back unbegun. It does not count as a try, but has a number, by which
 * these tasks go: such a run is no other run, but another one to look at.
 */
async function anyHandedBack(fanfold: Fanfold, run: string): Promise<boolean> {
  await fanfold.end(run, END_MS);
  const { items } = await fanfold.tasks(run, { limit: 100 });
  for (const { id, attempt } of items) {
    const { attempts = [] } = attempt > 1 ? await fanfold.task(run, id) : {};
    if (attempts.some(({ outcome }) => outcome === 'released')) return true;
  }
  return false;
}

const ended = async (fanfold: Fanfold, request: SubmitRequest) =>
  endOf(fanfold, await begun(fanfold, request));

(reason === undefined ? describe : describe.skip)(
  reason ?? 'deployed to an emulated AWS, a run ends as in one process, event for event:',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'fanfold-same-'));
    let home: Deployed;
    let embedded: Embedded;

    beforeAll(async () => {
      home = await deployed();
      embedded = await startEmbedded({ dataFolder: join(folder, 'data'), port: null, slots: 4 });
    }, INSTALL_MS + DEPLOY_MS);
    afterAll(async () => {
      await embedded?.close();
      await home?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const both = (workflow: Workflow) =>
      Promise.all([ended(home.client, { workflow }), ended(embedded.engine, { workflow })]);

    test("the README's example, with its own files in three languages", async () => {
      const from = join(root, 'examples/weather');
      const { workflow } = await loadWorkflow(join(from, 'workflow.yaml'));
      const input = { resamples: 50, report: '' };
      const code = await home.client.sendCode(await archiveFolder(from));
      const [there, here] = await Promise.all([
        ended(home.client, { workflow, input, code }),
        ended(embedded.engine, { workflow, input, code: { folder: from } }),
      ]);
      expect(there).toEqual(here);
      expect(there).toMatchObject({ state: 'succeeded', tasks: 37 });
      expect(there.outputs.report).toContain('<h1>Seattle and New York</h1>');
    });

    test.each(recorded)('the recorded workflow %s', async (file) => {
      const bytes = readFileSync(file);
      const text = file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
      const workflow = importWfcommons(JSON.parse(String(text)), { scale: 0.0001 });
      const [there, here] = await both(workflow);
      expect(there).toEqual(here);
      expect(there.state).toBe('succeeded');
    });

    test('50 random workflows with random outcomes, all at the same time', async () => {
      const seeds = Array.from({ length: 50 }, (_, n) => 4_000 + n);
      const workflows = seeds.map((seed) => ({ workflow: randomWorkflow(seed) }));
      const submits = async (fanfold: Fanfold) =>
        Promise.all(workflows.map((request) => begun(fanfold, request)));
      const [there, here] = await Promise.all([submits(home.client), submits(embedded.engine)]);
      const states = new Set<string>();
      // Each waiting call is a process of the emulator, so they wait one after another.
      for (const [i, seed] of seeds.entries()) {
        let ids = [there[i] as string, here[i] as string] as const;
        while (
          (await anyHandedBack(home.client, ids[0])) ||
          (await anyHandedBack(embedded.engine, ids[1]))
        ) {
          const request = { workflow: randomWorkflow(seed) };
          ids = [await begun(home.client, request), await begun(embedded.engine, request)];
        }
        const cloud = await endOf(home.client, ids[0]);
        expect({ seed, ...cloud }).toEqual({ seed, ...(await endOf(embedded.engine, ids[1])) });
        states.add(cloud.state);
      }
      expect([...states].sort()).toEqual(['failed', 'succeeded']);
    });
  },
);
