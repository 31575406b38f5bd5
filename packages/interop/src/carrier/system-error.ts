/** What the system said, as Node's own errors say it: callers look for `ECONNREFUSED`. */

const systemFacts = ['errno', 'code', 'syscall', 'address', 'port', 'hostname'];

/** Has the message of `error`, which becomes its cause. `undefined` where the system had no part in it. */
export function toSystemError(error: Error): Error | undefined {
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    // An error of ours has a phase, and a code that the system does not know.
    if (!('phase' in cause) && 'code' in cause && typeof cause.code === 'string') {
      const known = Object.entries(cause).filter(([name]) => systemFacts.includes(name));
      return Object.assign(new Error(error.message, { cause: error }), { code: cause.code }, Object.fromEntries(known));
    }
  }
  const attempt = lastAttempt(error);
  return attempt === undefined ? undefined : Object.assign(new Error(error.message, { cause: error }), attempt);
}

/** A `ConnectError` lists the addresses that were tried. */
function lastAttempt(error: Error): Readonly<Record<string, unknown>> | undefined {
  if (!('attempts' in error) || !Array.isArray(error.attempts)) return undefined;
  const last = error.attempts.at(-1) as { readonly address: string; readonly port: number; readonly code: string } | undefined;
  return last === undefined ? undefined : { code: last.code, syscall: 'connect', address: last.address, port: last.port };
}
