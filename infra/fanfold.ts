import { Names } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { bundledFunctions, bundledImages } from './code-folder.ts';
import { type Existing, makeParts, type Parts } from './parts.ts';
import { parseSettings, type SettingsInput } from './settings.ts';

/** The settings of `cdk.json`, and what is there already. */
export interface FanfoldProps extends Omit<SettingsInput, 'name'>, Existing {
  /** Holds the functions' code. Default: what the package brings. */
  readonly codeFolder?: string;
  /** Holds a folder for each language that images are built for. Default: the same. */
  readonly imagesFolder?: string;
}

/** Names of alarms are an account's, so they begin with where this is. */
const nameMax = 100;

/**
 * A deployment of Fanfold as part of an app of one's own: API, table, bucket, queues, pools of runners and alarms.
 *
 *   const tasks = new Fanfold(this, 'Tasks', { pools: { default: { kind: 'lambda' } } });
 *   new CfnOutput(this, 'Url', { value: tasks.url });
 */
export class Fanfold extends Construct {
  readonly parts: Parts;

  constructor(scope: Construct, id: string, props: FanfoldProps = {}) {
    super(scope, id);
    const { codeFolder, imagesFolder, table, bucket, queues, functionNetwork, ...given } = props;
    const existing = {
      ...(table && { table }),
      ...(bucket && { bucket }),
      ...(queues && { queues }),
      ...(functionNetwork && { functionNetwork }),
    };
    this.parts = makeParts(
      { state: this, control: this, runners: this, observe: this },
      {
        settings: parseSettings(given),
        name: Names.uniqueResourceName(this, { maxLength: nameMax, separator: '-' }),
        codeFolder: codeFolder ?? bundledFunctions(),
        imagesFolder: imagesFolder ?? bundledImages(),
        existing,
      },
    );
  }

  /** Where the API is: `npx fanfold run FILE --url ADDRESS`. */
  get url(): string {
    return this.parts.control.api.apiEndpoint;
  }
}
