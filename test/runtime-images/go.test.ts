import { go } from './languages/go.ts';
import { testRunner } from './runner.suite.ts';

testRunner(go);
