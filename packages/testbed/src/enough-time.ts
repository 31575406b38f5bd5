/** In milliseconds. Together they stay below what a test may take. */
const LIMITS = [30, 120, 480, 1_920, 7_680];

/**
 * Runs a test of a limit in time that must pass at a certain moment, such as after the response head, however slow the machine is: it is given a longer limit
 * each time, until it passes. The last failure is thrown. Servers and clients are the test's own, so that each run begins anew.
 *
 * @example
 * await withEnoughTime(async (timeout) => {
 *   await using client = new Client({ timeout });
 *   await using response = await client.stream('GET', server.url('/'));   // fails where the limit is over before the head
 *   await expect(response.text()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
 * });
 */
export async function withEnoughTime(test: (limit: number) => Promise<void>): Promise<void> {
  const last = LIMITS.at(-1)!;
  for (const limit of LIMITS.slice(0, -1)) {
    try {
      await test(limit);
      return;
    } catch {
      // That may have been the machine.
    }
  }
  await test(last);
}
