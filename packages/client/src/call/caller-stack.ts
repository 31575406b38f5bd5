/** The caller's own line in the stack of an error that was made deep inside. */
import { HttpCoreError } from '@x/httpcore';

import { ClientError } from '../errors.ts';

/**
 * Puts the frames of whoever awaits the call before ours, of which there may be more than V8 keeps frames at all. To be called where
 * the call itself has caught the error, in the async function that the caller awaits: from there V8 finds the way to his line. The
 * happy path pays nothing. Gives the same error; never throws.
 *
 *   ConnectError [CONNECT_FAILED]: Could not connect to …
 *       at async loadUser (/app/users.js:7:20)                 the caller's
 *       at ConnectionPool.dispatch (…/httpcore/dist/…)         then ours, and those of interceptors
 */
export function withCaller<Thrown>(error: Thrown): Thrown {
  if (!(error instanceof Error)) return error;
  try {
    const own = parts(error.stack);
    const here: { stack?: unknown } = {};
    Error.captureStackTrace(here, withCaller);
    const callers = withoutOurs(parts(here.stack)?.frames ?? []);
    if (own === undefined || callers.length === 0) return error;
    const rest = own.frames.filter((line) => !callers.includes(line));
    // What an interceptor has thrown begins where it was thrown.
    const isOurs = error instanceof HttpCoreError || error instanceof ClientError;
    const stack = [own.title, ...(isOurs ? [...callers, ...rest] : [...rest, ...callers])].join('\n');
    Object.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true, enumerable: false });
  } catch {
    // Where the program has its stacks its own way (`Error.prepareStackTrace`), or the error is frozen, it stays as it is.
  }
  return error;
}

/** Without the frames of the call, and those of the verb above it, which is among them where nothing was awaited before it failed. */
function withoutOurs(frames: readonly string[]): readonly string[] {
  const above = withoutFirst(frames);
  const next = above[0] ?? '';
  const folder = folderOf(next);
  const isVerb = folder !== undefined && folder === folderOf(frames[0]!) && !next.startsWith('    at async ');
  return isVerb ? withoutFirst(above) : above;
}

/** Without the first frame and those behind it that are of the same class. */
function withoutFirst(frames: readonly string[]): readonly string[] {
  const place = frames.length === 0 ? undefined : placeOf(frames[0]!);
  const others = frames.findIndex((line, index) => index > 0 && (place === undefined || placeOf(line) !== place));
  return others === -1 ? [] : frames.slice(others);
}

/** The class and the file of a frame, `at Client.get (file:1:2)`: in a bundle the file alone says nothing. */
function placeOf(line: string): string | undefined {
  const match = method.exec(line);
  return match === null ? undefined : `${match[1]!} ${match[2]!}${match[3]!}`;
}

/** Where the file of a method's frame is; in a bundle ours is the caller's, too. */
function folderOf(line: string): string | undefined {
  return method.exec(line)?.[2];
}

const method = /^ {4}at (?:async )?([\w$]+)\.\S+ (?:\[as \w+\] )?\((.*?)([^\\/]*):\d+:\d+\)$/;
const frame = /^ {4}at .*$/;

/** The name and the message, and the lines that are frames; `undefined` of what is no stack of V8's. */
function parts(stack: unknown): { readonly title: string; readonly frames: readonly string[] } | undefined {
  if (typeof stack !== 'string') return undefined;
  const lines = stack.split('\n');
  const first = lines.findIndex((line) => frame.test(line));
  if (first === -1) return undefined;
  return { title: lines.slice(0, first).join('\n'), frames: lines.slice(first) };
}
