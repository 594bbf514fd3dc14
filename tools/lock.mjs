/**
 * Writes package-lock.json: `npm run lock` after editing package.json, or `npm run lock -- -D some-package`.
 *
 * Packages with native parts list one optional package a platform. A registry that mirrors only some platforms makes
 * npm leave the others out of the lock file, and `npm ci` then refuses it everywhere. So this adds what is left out,
 * with the platform its name says; npm reads it to skip the package elsewhere.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lockFile = join(root, 'package-lock.json');

const systems = 'aix android darwin freebsd linux netbsd openbsd openharmony sunos win32'.split(
  ' ',
);
const processors = 'arm arm64 ia32 loong64 mips64el ppc64 riscv64 s390x wasm32 x64'.split(' ');
const libraries = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

/** The platform that a name such as `@swc/core-linux-arm-gnueabihf` says. */
function platform(name) {
  const words = name.split(/[-/]/);
  const os = words.filter((word) => systems.includes(word));
  const cpu = words.filter((word) => processors.includes(word));
  const libc = words.flatMap((word) => (os[0] === 'linux' ? (libraries[word] ?? []) : []));
  return { ...(cpu[0] && { cpu }), ...(os[0] && { os }), ...(libc[0] && { libc }) };
}

/** Where Node would find `name` from the package at `path`, if the lock file has it. */
function found(packages, path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules') - 1))) {
    if (packages[at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`]) return true;
    if (at === '') return false;
  }
}

function complete(packages) {
  const added = [];
  for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (found(packages, path, name)) continue;
      const { cpu, os, libc } = platform(name);
      if (!(cpu && (os || cpu[0] === 'wasm32')) || !/^\d/.test(version)) {
        throw new Error(`lock: ${path} wants ${name}@${version}, which npm did not find`);
      }
      packages[`node_modules/${name}`] = {
        version,
        cpu,
        ...(dev && { dev }),
        libc,
        optional: true,
        os,
      };
      added.push(name);
    }
  }
  return added;
}

const args = ['install', '--package-lock-only', '--loglevel=error', ...process.argv.slice(2)];
const npm = spawnSync('npm', args, {
  cwd: root,
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
if (npm.status !== 0) process.exit(npm.status ?? 1);
const lock = JSON.parse(readFileSync(lockFile, 'utf8'));
const added = complete(lock.packages);
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)),
);
writeFileSync(lockFile, `${JSON.stringify(lock, null, 2)}\n`);
console.log(
  `lock: ${Object.keys(lock.packages).length - 1} packages, ${added.length} of them added for other platforms`,
);
