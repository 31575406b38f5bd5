/** Waits of a replay. By the timers that there are then, for a test that fakes them. */

/** Ends early when the exchange does. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> | undefined {
  if (!(milliseconds > 0) || signal.aborted) return undefined;
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end);
  });
}

/** Until whoever gave the exchange up when it was recorded does so again; he had this long then, and does not have for ever. */
export async function givenUp(milliseconds: number, signal: AbortSignal): Promise<void> {
  await pause(milliseconds * 2 + 1_000, signal);
}
