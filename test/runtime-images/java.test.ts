import { java } from './languages/java.ts';
import { testRunner } from './runner.suite.ts';

testRunner(java);
