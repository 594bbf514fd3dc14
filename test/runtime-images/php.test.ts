import { php } from './languages/php.ts';
import { testRunner } from './runner.suite.ts';

testRunner(php);
