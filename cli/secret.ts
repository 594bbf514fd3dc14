/** Asking for what must not be seen. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });

/** The next line of stdin; at a terminal after a question, and without showing what is typed. */
export function readSecret(question: string): Promise<string> {
  const { stdin, stderr } = process;
  const isTerminal = stdin.isTTY === true;
  if (isTerminal) stderr.write(question);
  const lines = createInterface({ input: stdin, output: nowhere(), terminal: isTerminal });
  return new Promise((resolve) => {
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    // Ctrl-C comes here, as the terminal no longer makes a signal of it.
    lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    lines.once('close', () => {
      if (isTerminal) stderr.write('\n');
      resolve('');
    });
  });
}
