import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { languages } from '../../src/contract/language.ts';
import { processFiles } from '../../src/runner/process-files.ts';
import { harnessFiles } from '../../tools/build.mjs';
import { imageLanguages } from '../../tools/build-images.ts';

const images = join(import.meta.dirname, '../../runtime-images');
/** What makes a language's SDK a package of its ecosystem; Bash has none. */
const manifests =
  /^(package\.json|pyproject\.toml|go\.mod|Cargo\.toml|CMakeLists\.txt|pom\.xml|Makefile\.PL|composer\.json|.*\.gemspec|fanfold\.bash)$/;

test.each(imageLanguages)('%s has a page, a fixture and a package', (language) => {
  const files = readdirSync(join(images, language));
  expect(files).toEqual(expect.arrayContaining(['Dockerfile', 'README.md', 'fixture']));
  expect(files.filter((file) => manifests.test(file))).not.toEqual([]);
});

test.each(languages)('the harness for %s is where a runner looks, and goes with it', (language) => {
  const file = processFiles(undefined).harness[language];
  expect(existsSync(file)).toBe(true);
  expect(harnessFiles()).toContain(file.slice(images.length + 1));
});
