import { App } from 'aws-cdk-lib';
import { buildFunctions } from '../tools/build-functions.ts';
import { buildImages } from '../tools/build-images.ts';
import { placeOf } from './place.ts';
import { parseSettings } from './settings.ts';
import { makeStacks } from './stacks.ts';

const app = new App();
const settings = parseSettings(app.node.tryGetContext('fanfold'));
const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const codeFolder = await buildFunctions(tell);
const imagesFolder = await buildImages(tell);
const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
makeStacks(app, { settings, codeFolder, imagesFolder, ...placeOf(account, region) });
