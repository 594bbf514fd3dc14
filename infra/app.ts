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
const codeFolder = await buildFunctions(tell);
const imagesFolder = await buildImages(tell);
makeStacks(app, { settings, codeFolder, imagesFolder, ...place });
