/**
 * What some work costs this process, in milliseconds of its processors: a bound on that holds while the machine is busy with others, which one on the time that
 * passes does not. For work whose cost must grow with its input alone; nothing else may run beside it.
 */
export async function cpuTimeOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
