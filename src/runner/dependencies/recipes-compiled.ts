/** Recipes for languages that are compiled, and for those that bring a bundle of packages. */
import { join } from 'node:path';
import type { Recipe, Site } from './recipe.ts';

const goEnv = (downloads: string): Record<string, string> => ({
  GOMODCACHE: join(downloads, 'go', 'mod'),
  GOCACHE: join(downloads, 'go', 'build'),
  GOPATH: join(downloads, 'go'),
  GOTOOLCHAIN: 'local',
});

/** A module may hold no program, or several. */
const goBuild = `programs=$(go list -f '{{if eq .Name "main"}}{{.ImportPath}}{{end}}' ./...) || exit
if [ -n "$programs" ]; then mkdir -p bin && exec go build -o bin/ $programs; fi`;

/** Programs, built with their dependencies: they are found by name. */
export const native: readonly Recipe[] = [
  {
    language: 'go',
    manifest: 'go.mod',
    locks: ['go.sum'],
    tool: 'go',
    builds: true,
    runtime: () => ['go', 'version'],
    commands: ({ downloads, files }) => {
      const env = goEnv(downloads);
      const download = files.has('vendor') ? [] : [{ argv: ['go', 'mod', 'download'], env }];
      return [...download, { argv: ['sh', '-c', goBuild], env }];
    },
    sees: (folder, downloads) => ({
      lists: { PATH: [join(folder, 'bin')] },
      env: goEnv(downloads),
    }),
  },
  {
    language: 'rust',
    manifest: 'Cargo.toml',
    locks: ['Cargo.lock'],
    tool: 'cargo',
    builds: true,
    runtime: () => ['rustc', '-vV'],
    commands: ({ downloads, files }) => {
      const env = { CARGO_HOME: join(downloads, 'cargo'), CARGO_TARGET_DIR: '.target' };
      const locked = files.has('Cargo.lock') ? ['--locked'] : [];
      return [
        { argv: ['cargo', 'fetch', ...locked], env },
        { argv: ['cargo', 'build', '--release', '--offline', ...locked], env },
        { argv: ['sh', '-c', cargoPrograms] },
      ];
    },
    sees: (folder) => ({ lists: { PATH: [join(folder, 'bin')] } }),
  },
];

/** Only programs stay of what was built. */
const cargoPrograms = `mkdir -p bin
find .target/release -maxdepth 1 -type f -perm -u+x ! -name '*.so' -exec mv {} bin/ \\; && rm -rf .target`;

const mavenPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

const maven = ({ downloads }: Site, pom: string) => ({
  argv: [
    'mvn',
    '--batch-mode',
    '--quiet',
    '--strict-checksums',
    `-Dmaven.repo.local=${join(downloads, 'maven')}`,
    '-f',
    pom,
    `${mavenPlugin}:copy-dependencies`,
    '-DincludeScope=runtime',
    '-DoutputDirectory=jars',
  ],
});

const jars = (folder: string) => ({ lists: { CLASSPATH: [join(folder, 'jars', '*')] } });

/** A pom of exactly what `gradle.lockfile` pins for running: each without what it needs itself, since that is listed. */
const pomOfLock = `awk -F'[:=]' '
BEGIN { print "<project><modelVersion>4.0.0</modelVersion><groupId>fanfold</groupId><artifactId>locked</artifactId><version>1</version><dependencies>" }
/^[^#].*=/ && $1 != "empty" && ("," $4 ",") ~ /,runtimeClasspath,/ {
  printf "<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version>", $1, $2, $3
  print "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
}
END { print "</dependencies></project>" }' gradle.lockfile > .locked.pom.xml`;

export const jvm: readonly Recipe[] = [
  {
    language: 'java',
    manifest: 'pom.xml',
    locks: [],
    namesFiles: /<(systemPath|relativePath|module)>|file:/,
    tool: 'mvn',
    alone: true,
    commands: (site) => [maven(site, 'pom.xml')],
    sees: jars,
  },
  {
    language: 'java',
    manifest: 'gradle.lockfile',
    locks: [],
    tool: 'mvn',
    alone: true,
    commands: (site) => [{ argv: ['sh', '-c', pomOfLock] }, maven(site, '.locked.pom.xml')],
    sees: jars,
  },
];

export const ruby: readonly Recipe[] = [
  {
    language: 'ruby',
    manifest: 'Gemfile',
    locks: ['Gemfile.lock'],
    tool: 'bundle',
    namesFiles: /\b(path|gemspec|eval_gemfile)\b/i,
    runtime: () => ['ruby', '-e', 'print RUBY_ENGINE, RUBY_VERSION, RUBY_PLATFORM'],
    commands: ({ downloads, files }) => {
      const env = {
        BUNDLE_PATH: 'bundle',
        BUNDLE_WITHOUT: 'development:test',
        BUNDLE_USER_HOME: join(downloads, 'bundle'),
        ...(files.has('Gemfile.lock') && { BUNDLE_FROZEN: 'true' }),
      };
      return [{ argv: ['bundle', 'install'], env }];
    },
    sees: (folder) => ({
      env: {
        BUNDLE_GEMFILE: join(folder, 'Gemfile'),
        BUNDLE_PATH: join(folder, 'bundle'),
        BUNDLE_WITHOUT: 'development:test',
        RUBYOPT: '-rbundler/setup',
      },
    }),
  },
  {
    language: 'php',
    manifest: 'composer.json',
    locks: ['composer.lock'],
    tool: 'composer',
    namesFiles: /"path"|"artifact"|"file:/,
    runtime: () => ['php', '-r', 'echo PHP_VERSION, PHP_OS;'],
    commands: ({ downloads }) => {
      const quiet = ['--no-interaction', '--no-progress'];
      const only = ['--no-dev', '--no-scripts', '--no-plugins'];
      const env = { COMPOSER_HOME: join(downloads, 'composer'), COMPOSER_ALLOW_SUPERUSER: '1' };
      return [{ argv: ['composer', 'install', ...only, ...quiet], env }];
    },
    sees: () => ({ links: ['vendor'] }),
  },
];
