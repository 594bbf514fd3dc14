import { c, cpp } from './languages/cpp.ts';
import { testRunner } from './runner.suite.ts';

testRunner(c);
testRunner(cpp);
