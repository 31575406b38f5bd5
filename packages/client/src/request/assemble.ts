/** What a request is put together from. */
import type { HeaderPair, TrailerSource } from '@x/httpcore';

import { formBody, jsonBody, toRequestBody } from './body/body-input.ts';
import { compressed } from './body/compressed-body.ts';
import { boundaryOf } from './multipart/boundary.ts';
import { isFormData } from './multipart/form-data.ts';
import { MultipartBody } from './multipart/multipart-body.ts';
import { readFields, readFiles, readFormData } from './multipart/parts.ts';
import { BytesBody, type RequestBody } from './body/request-body.ts';
import { InvalidOption } from '../errors.ts';
import type { JsonSerializer } from './json-settings.ts';
import type { OwnMessageOptions } from './request-options.ts';
import { askForIdentity } from './fields/accept-encoding.ts';
import { givesContentMeaning, withBodyFields } from './fields/content-fields.ts';
import { noFields } from './fields/origin-fields.ts';
import { applyHeaderChanges, findHeader, readHeaderChanges, type HeadersInput } from './fields/header-input.ts';
import type { Target } from './url/target.ts';

/** A request but for its method. Those of a plain GET are the same each time, so a client makes them once for each URL. */
export class MessageParts {
  readonly target: Target;
  readonly pairs: readonly HeaderPair[];
  readonly body: RequestBody | null;
  readonly trailers: TrailerSource | undefined;
  /** The names, in lower case, of fields that do not leave the origin, beside those that never do. */
  readonly bound: ReadonlySet<string>;

  constructor(
    target: Target,
    pairs: readonly HeaderPair[],
    body: RequestBody | null,
    trailers: TrailerSource | undefined,
    bound: ReadonlySet<string> = noFields,
  ) {
    this.target = target;
    this.pairs = pairs;
    this.body = body;
    this.trailers = trailers;
    this.bound = bound;
  }
}

const standardMethods = new Map(
  ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'TRACE', 'CONNECT'].map((name) => [name.toLowerCase(), name]),
);
/**
 * The standard methods in upper case, whatever case they were given in; others as they are, since case matters (RFC 9110 §9.1).
 * @throws {InvalidOption} it is no string.
 */
export function methodName(method: unknown): string {
  if (typeof method !== 'string') throw new InvalidOption('method', `must be a string, not ${method === null ? 'null' : typeof method}`);
  return standardMethods.get(method.toLowerCase()) ?? method;
}

/** Lays the caller's fields over `base`, and adds those of the body. `fallback` is the body when the caller says nothing of one. */
export function assembleMessage(
  method: string,
  target: Target,
  base: readonly HeaderPair[],
  own: OwnMessageOptions,
  fallback: RequestBody | null = null,
  bound: ReadonlySet<string> = noFields,
  stringify?: JsonSerializer,
): MessageParts {
  const changed = own.headers === undefined || own.headers === null ? base : layOver(base, own.headers);
  const given = bodyOf(own, changed, stringify);
  if (given !== undefined && given !== null && own.compress !== undefined && own.compress !== null) {
    return compressedMessage(method, target, changed, given, own, bound);
  }
  const body = trailed(method, given === undefined ? fallback : given, own.trailers);
  return new MessageParts(target, withBodyFields(changed, method, body, own.trailers), body, own.trailers, bound);
}

function compressedMessage(
  method: string,
  target: Target,
  pairs: readonly HeaderPair[],
  content: RequestBody,
  own: OwnMessageOptions,
  bound: ReadonlySet<string>,
): MessageParts {
  if (findHeader(pairs, 'content-encoding') !== undefined) {
    throw new InvalidOption(
      'compress',
      'can not be used together with a Content-Encoding of your own, which says that the body has been encoded',
    );
  }
  const body = compressed(content, own.compress!);
  const described: readonly HeaderPair[] = [...pairs, ['content-encoding', own.compress!]];
  return new MessageParts(target, withBodyFields(described, method, body, own.trailers), body, own.trailers, bound);
}

function layOver(base: readonly HeaderPair[], headers: HeadersInput): readonly HeaderPair[] {
  const changes = readHeaderChanges(headers);
  const pairs = applyHeaderChanges(base, changes);
  return changes.replaced.has('range') ? askForIdentity(pairs) : pairs;
}

export function speaksOfBody(own: OwnMessageOptions): boolean {
  return own.json !== undefined || own.form !== undefined || own.files !== undefined || own.body !== undefined;
}

/** `undefined` when the caller says nothing of a body, `null` when there is to be none. */
function bodyOf(
  own: OwnMessageOptions,
  pairs: readonly HeaderPair[],
  stringify: JsonSerializer | undefined,
): RequestBody | null | undefined {
  const { json, form, files, body } = own;
  if (json !== undefined) return jsonBody(json, stringify);
  if (files !== undefined && files !== null) {
    return new MultipartBody([...readFields(form ?? []), ...readFiles(files)], boundaryOf(findHeader(pairs, 'content-type')));
  }
  if (form !== undefined) return form === null ? null : formBody(form);
  if (isFormData(body)) return new MultipartBody(readFormData(body, 'body'), boundaryOf(findHeader(pairs, 'content-type')));
  if (body !== undefined) return body === null ? null : toRequestBody(body);
  if (files === null) return null;
  return undefined;
}

/** With trailers, a method that sends content sends one of nothing where there is none. */
function trailed(method: string, body: RequestBody | null, trailers: TrailerSource | undefined): RequestBody | null {
  return body === null && trailers !== undefined && givesContentMeaning(method) ? new BytesBody([], undefined) : body;
}
