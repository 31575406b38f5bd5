/**
 * What the code of others throws, gives to a callback, or returns where nothing was asked for. It may be anything, and throw again when it is
 * looked at: a revoked proxy, an error whose message is a symbol. Nothing in here throws.
 */

/** `instanceof`, of whatever it is. */
export function isOf<Kind>(kind: abstract new (...given: never[]) => Kind, thrown: unknown): thrown is Kind {
  try {
    return thrown instanceof kind;
  } catch {
    return false;
  }
}

/** What it says of itself. */
export function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.message) : String(thrown);
  } catch {
    return 'something that has no text';
  }
}

/** Its `code`, where that is text, as the system's are. */
export function codeOf(thrown: unknown): string | undefined {
  try {
    const { code } = Object(thrown) as { readonly code?: unknown };
    return typeof code === 'string' ? code : undefined;
  } catch {
    return undefined;
  }
}

/** What was thrown where that is an error that can be read; else one that says what it said. */
export function toError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error && typeof thrown.message === 'string') return thrown;
  } catch {
    // It is none that anybody could read.
  }
  return new Error(textOf(thrown), { cause: thrown });
}

/** An async function may stand where what is returned counts for nothing: `failed` is told of its failure, which would else be nobody's, and end the process. */
export function catchLater(returned: unknown, failed: (error: unknown) => void): void {
  if (typeof returned !== 'object' || returned === null) return;
  try {
    const { then } = returned as Partial<PromiseLike<unknown>>;
    if (typeof then === 'function') then.call(returned, undefined, failed);
  } catch (error) {
    failed(error);
  }
}

/** The same where nobody is to be told. */
export function dropLater(returned: unknown): void {
  if (typeof returned === 'object' && returned !== null) catchLater(returned, () => {});
}

/** Has it that name, as `AbortError` and `TimeoutError` of the platform have? */
export function isNamed(thrown: unknown, name: string): boolean {
  try {
    return thrown instanceof Error && thrown.name === name;
  } catch {
    return false;
  }
}
