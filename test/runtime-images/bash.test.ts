import { bash } from './languages/bash.ts';
import { testRunner } from './runner.suite.ts';

testRunner(bash);
