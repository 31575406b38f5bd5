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

/** The caller had enough of the body: he has what he wanted. */
export function isLeft(error: unknown): boolean {
  return (Object(error) as { readonly code?: unknown }).code === 'BODY_CLOSED';
}
