/** Starts to count what this process takes of the processor, in ms: other work on the machine leaves it as it is. */
export function processorTime(): () => number {
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
}
