import { perl } from './languages/perl.ts';
import { testRunner } from './runner.suite.ts';

testRunner(perl);
