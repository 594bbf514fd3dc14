import type { PlainRun } from '../contract/workflow.ts';

type Argv = Extract<PlainRun, { kind: 'command' }>['argv'];

export declare function withoutNetwork(argv: Readonly<Argv>): Argv;
export declare function whyNoEmptyNetwork(): string | undefined;
