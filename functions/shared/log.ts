/** One line of JSON, as CloudWatch's queries take it apart. */
export function logError(error: unknown): void {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`${JSON.stringify({ level: 'ERROR', name, message, stack })}\n`);
}

export function logInfo(message: string, facts: object = {}): void {
  process.stdout.write(`${JSON.stringify({ level: 'INFO', message, ...facts })}\n`);
}
