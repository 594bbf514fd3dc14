import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { buildFunctions } from '../tools/build-functions.ts';
import { Control } from './constructs/control.ts';
import { LambdaPool } from './constructs/lambda-pool.ts';
import { Queues } from './constructs/queues.ts';
import { State } from './constructs/state.ts';
import { parseSettings } from './settings.ts';

const app = new App();
const settings = parseSettings(app.node.tryGetContext('fanfold'));
const codeFolder = await buildFunctions((line) => process.stderr.write(`${line}\n`));
// The account and region that the CDK CLI found; none when only templates are wanted.
const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
const place = account !== undefined && region !== undefined ? { env: { account, region } } : {};
const stack = (part: string): Stack => new Stack(app, `${settings.name}-${part}`, place);

const stateStack = stack('state');
const state = new State(stateStack, 'State', { keepData: settings.keepData });
const queues = new Queues(stateStack, 'Queues', { pools: settings.pools });
const { namespace, logDays, decidersPerShard } = settings;
const surroundings = { state, queues, namespace, logDays, codeFolder };

const controlStack = stack('control');
const control = new Control(controlStack, 'Control', { ...surroundings, decidersPerShard });
const runnersStack = stack('runners');
for (const [pool, poolSettings] of Object.entries(settings.pools))
  new LambdaPool(runnersStack, `Pool-${pool}`, {
    ...surroundings,
    pool,
    queue: queues.pools[pool] as (typeof queues.pools)[string],
    settings: poolSettings,
  });

const url = control.api.apiEndpoint;
new CfnOutput(controlStack, 'ApiUrl', { value: url, description: 'Where the API is' });
new CfnOutput(controlStack, 'FirstCommand', { value: `npx fanfold ls --url ${url}` });
