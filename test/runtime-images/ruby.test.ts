import { ruby } from './languages/ruby.ts';
import { testRunner } from './runner.suite.ts';

testRunner(ruby);
