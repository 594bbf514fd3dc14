import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { freshFolder } from './kit.ts';

/** In a mount namespace of its own, so that nothing of it is left. */
function onSmallDisk(megabytes: number, folder: string, script: string) {
  const inside = `mount -t tmpfs -o size=${megabytes}m tmpfs "$1" || exit 77; exec "$2" "$3" "$1"`;
  const args = ['-Urm', 'sh', '-c', inside, 'sh', folder, process.execPath, script];
  return spawnSync('unshare', args, { encoding: 'utf8' });
}

const canMount = (() => {
  const folder = freshFolder();
  const { status } = onSmallDisk(1, folder.path, join(import.meta.dirname, 'nothing.ts'));
  folder.remove();
  return status === 0;
})();

/** Elsewhere than on Linux, and where namespaces are forbidden, there is no small disk to be had. */
const sizes = canMount ? [3, 4, 8] : [];

test('on a full disk puts are refused whole, reads go on, and it works again when there is room', () => {
  for (const megabytes of sizes) {
    const folder = freshFolder();
    const script = join(import.meta.dirname, 'disk-full-writer.ts');
    const { status, stdout, stderr } = onSmallDisk(megabytes, folder.path, script);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^kept \d+, refused \d+/);
    folder.remove();
  }
});
