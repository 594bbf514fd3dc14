import { python } from './languages/python.ts';
import { testRunner } from './runner.suite.ts';

testRunner(python);
