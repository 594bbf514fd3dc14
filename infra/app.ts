import { App } from 'aws-cdk-lib';
import { buildFunctions } from '../tools/build-functions.ts';
import { parseSettings } from './settings.ts';
import { makeStacks } from './stacks.ts';

const app = new App();
const settings = parseSettings(app.node.tryGetContext('fanfold'));
const codeFolder = await buildFunctions((line) => process.stderr.write(`${line}\n`));
// The account and region that the CDK CLI found; none when only templates are wanted.
const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
const env = account !== undefined && region !== undefined ? { env: { account, region } } : {};
makeStacks(app, { settings, codeFolder, ...env });
