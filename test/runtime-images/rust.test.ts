import { rust } from './languages/rust.ts';
import { testRunner } from './runner.suite.ts';

testRunner(rust);
