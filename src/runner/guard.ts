import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Kills process groups when we are gone: a harness that is busy in a call does not see its pipe's end. It is a shell,
 * which costs a megabyte; each line it reads is the list of what is to be killed at the end of its input.
 */
const SCRIPT = 'while read -r line; do groups=$line; done; [ -z "$groups" ] || kill -9 $groups';

export class Guard {
  #child: ChildProcess | undefined;
  #groups = new Set<number>();

  add(group: number): void {
    this.#groups.add(group);
    this.#child ??= this.#spawn();
    this.#tell();
  }

  delete(group: number): void {
    this.#groups.delete(group);
    this.#tell();
    if (this.#groups.size === 0) this.close();
  }

  close(): void {
    this.#groups.clear();
    this.#tell();
    this.#child?.stdin?.end();
    this.#child = undefined;
  }

  #spawn(): ChildProcess {
    const child = spawn('sh', ['-c', SCRIPT], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    child.on('error', () => {});
    child.stdin?.on('error', () => {});
    return child;
  }

  #tell(): void {
    const groups = [...this.#groups].map((group) => `-${group}`);
    if (this.#child?.stdin?.writable) this.#child.stdin.write(`${groups.join(' ')}\n`);
  }
}
