/**
 * Goal: each manifest is given to the tool of its language, and the task finds what that has made.
 * Method: stand-ins for the tools, first in the PATH, which note how they are called and make what the real ones would.
 */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { pack, shelf } from './packed.ts';
import { openRig, type Rig, shell } from './rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'fanfold-recipes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const tools = ['go', 'cargo', 'rustc', 'mvn', 'ruby', 'bundle', 'php', 'composer'];

const standIn = `#!/bin/sh
name=$(basename "$0")
case "$name $1" in
  'go version' | 'rustc -vV' | 'ruby -e' | 'php -r') echo 1.0; exit ;;
esac
echo "$name $*" >> calls
case "$name $1" in
  'go list') echo example.com/tool ;;
  'go build') printf '#!/bin/sh\\necho 42' > bin/tool; chmod +x bin/tool ;;
  'cargo build') mkdir -p .target/release; printf '#!/bin/sh\\necho 42' > .target/release/tool; chmod +x .target/release/tool ;;
  'mvn --batch-mode') mkdir jars; for arg; do last=$pom; pom=$arg; [ "$last" = -f ] && cp "$arg" jars/pom; done; exit 0 ;;
  'bundle install') mkdir -p "$BUNDLE_PATH" ;;
  'composer install') mkdir vendor; echo 42 > vendor/answer ;;
esac
`;

const blobs = shelf();
let rig: Rig | undefined;
afterEach(() => rig?.close());

interface Case {
  readonly files: Readonly<Record<string, string>>;
  readonly line: string;
  readonly output: unknown;
  readonly calls: readonly unknown[];
}
const cases: Readonly<Record<string, Case>> = {
  go: {
    files: { 'go.mod': 'module example.com/tool', 'go.sum': '' },
    line: 'tool',
    output: 42,
    calls: [
      'go mod download',
      'go list -f {{if eq .Name "main"}}{{.ImportPath}}{{end}} ./...',
      'go build -o bin/ example.com/tool',
    ],
  },
  rust: {
    files: { 'Cargo.toml': '', 'Cargo.lock': '' },
    line: 'tool',
    output: 42,
    calls: ['cargo fetch --locked', 'cargo build --release --offline --locked'],
  },
  'Java by Maven': {
    files: { 'pom.xml': '<project/>' },
    line: 'cat "$(dirname "$CLASSPATH")/pom"; echo; echo 42',
    output: 42,
    calls: [expect.stringMatching(/^mvn .*--strict-checksums .*-f pom.xml .*:copy-dependencies/)],
  },
  'Java by a lock of Gradle': {
    files: {
      'gradle.lockfile': '# x\na.b:c:1.2=runtimeClasspath,x\na.b:d:3=compileClasspath\nempty=y\n',
    },
    line: 'grep -c "<artifactId>[cd]<" "$(dirname "$CLASSPATH")/pom"',
    output: 1,
    calls: [expect.stringContaining('-f .locked.pom.xml')],
  },
  ruby: {
    files: { Gemfile: "source 'https://rubygems.org'", 'Gemfile.lock': '' },
    line: 'test -d "$BUNDLE_PATH" && test -f "$BUNDLE_GEMFILE" && echo 42',
    output: 42,
    calls: ['bundle install'],
  },
  php: {
    files: { 'composer.json': '{}' },
    line: 'cat vendor/answer',
    output: 42,
    calls: [expect.stringMatching(/^composer install --no-dev --no-scripts --no-plugins/)],
  },
};

test.each(Object.keys(cases))('%s', async (name) => {
  const { files, line, output, calls } = cases[name] as Case;
  const own = mkdtempSync(join(folder, 'tools-'));
  for (const tool of tools) {
    writeFileSync(join(own, tool), standIn);
    chmodSync(join(own, tool), 0o755);
  }
  const dependenciesFolder = mkdtempSync(join(folder, 'installed-'));
  const hostEnv = { ...process.env, PATH: `${own}:${process.env.PATH}` };
  rig = openRig({ blobs: { get: blobs.get }, dependenciesFolder, hostEnv });
  const spec = { code: blobs.put(pack(files)), dependencies: 'auto' as const };
  const result = await rig.run(shell(line), spec);
  expect([result.error?.message, result.output]).toEqual([undefined, output]);
  const [made = ''] = readdirSync(dependenciesFolder).filter((one) => /-[0-9a-f]{40}$/.test(one));
  const called = readFileSync(join(dependenciesFolder, made, 'calls'), 'utf8')
    .trim()
    .split('\n');
  expect(called).toEqual(calls);
});
