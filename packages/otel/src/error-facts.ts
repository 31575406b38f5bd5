/** From what failed to what is told of it: few values. Pure. */

/** The stable code of an error of ours, the status of one that is about a status; else the name of the class. */
export function errorType(error: unknown): string {
  const { code, name, status } = Object(error) as { readonly code?: unknown; readonly name?: unknown; readonly status?: unknown };
  if (code === 'HTTP_STATUS' && typeof status === 'number') return String(status);
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code)) return code;
  return error instanceof Error && typeof name === 'string' && name !== '' ? name : '_OTHER';
}

export function errorMessage(error: unknown): string | undefined {
  return error instanceof Error ? error.message : undefined;
}

// What ends a request by a signal as well, and is no wish of who asked for it: its time is over (`AbortSignal.timeout()`), or its client's is.
const notWished = new Set<unknown>(['TimeoutError', 'ClientClosed', 'PoolClosed']);

/**
 * The caller wants no more of it: he has closed the body, or aborted by a signal, as the loser of a race is. By the conventions for HTTP clients that
 * is no error: neither a status of the span nor an `error.type`.
 */
export function isCancelled(error: unknown): boolean {
  const { code, name, cause } = Object(error) as { readonly code?: unknown; readonly name?: unknown; readonly cause?: unknown };
  if (code === 'BODY_CLOSED' || name === 'AbortError') return true;
  return code === 'ABORTED' && !notWished.has((Object(cause) as { readonly name?: unknown }).name);
}
