/**
 * Says in the message of an error which request it is about.
 *
 * In place: the caller gets the error that the core has made, and the one that the trace has shown. What makes an error deep
 * inside, such as a decoder, knows no request; and what knows one, says so once.
 */
import { HttpCoreError } from '@x/httpcore';

import { ClientError } from '../errors.ts';
import { shownUrl } from '../redact.ts';
import type { Request } from './request.ts';

/** The messages of errors that say it, as they were before. */
const plainMessages = new WeakMap<Error, string>();

/** `GET http://a.example/b`, without secrets. */
export function shownRequest({ method, url }: Request): string {
  return `${method} ${shownUrl(url)}`;
}

/** The same error, which says that it is about this request, unless it says so of one already. Errors of others are left alone. */
export function about<Thrown>(error: Thrown, request: Request): Thrown {
  if (isOurs(error) && !plainMessages.has(error)) append(error, [request], shownRequest(request));
  return error;
}

/** As {@link about}, with more words, and whatever it has said before. `requests` are those that its own words may have named. */
export function aboutCall(error: Error, requests: readonly Request[], place: string): void {
  if (isOurs(error)) append(error, requests, place);
}

function isOurs(error: unknown): error is Error {
  return (error instanceof HttpCoreError || error instanceof ClientError) && !Object.isFrozen(error);
}

function append(error: Error, requests: readonly Request[], place: string): void {
  const plain = plainMessages.get(error) ?? error.message;
  if (requests.some((request) => plain.includes(shownRequest(request)))) return;
  const message = `${plain} (${place})`;
  const { stack } = error;
  if (typeof stack === 'string')
    setHidden(
      error,
      'stack',
      stack.replace(error.message, () => message),
    );
  plainMessages.set(error, plain);
  setHidden(error, 'message', message);
}

function setHidden(error: Error, name: 'message' | 'stack', value: string): void {
  Object.defineProperty(error, name, { value, writable: true, configurable: true, enumerable: false });
}
