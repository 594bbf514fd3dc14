import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { ownKeys } from '../src/adapters/aws/region-services.ts';
import { buildFunctions } from '../tools/build-functions.ts';
import { buildImages } from '../tools/build-images.ts';
import { checkRegion } from './needed-services.ts';
import { placeOf } from './place.ts';
import { parseSettings } from './settings.ts';
import { makeStacks } from './stacks.ts';

const app = new App();
const settings = parseSettings(app.node.tryGetContext('fanfold'));
const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const {
  CDK_DEFAULT_ACCOUNT: account,
  CDK_DEFAULT_REGION: region,
  AWS_ENDPOINT_URL: endpoint,
} = process.env;
const place = placeOf(account, region);
const keys = place.env?.region === undefined ? undefined : await ownKeys(place.env.region);
if (region !== undefined && keys !== undefined)
  await checkRegion({ region, keys, endpoint }, settings);
// Of its own, as deploys may run beside each other; what goes out is copied from there.
const folder = mkdtempSync(join(tmpdir(), 'fanfold-assets-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const codeFolder = await buildFunctions(tell, join(folder, 'functions'));
const imagesFolder = await buildImages(tell, join(folder, 'images'));
makeStacks(app, { settings, codeFolder, imagesFolder, ...place });
