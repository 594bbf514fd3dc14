import { node } from './languages/node.ts';
import { testRunner } from './runner.suite.ts';

testRunner(node);
