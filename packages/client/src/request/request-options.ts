/** What makes one request. `undefined` always means "as the client has it". */
import type { TrailerSource } from '@x/httpcore';

import type { BodyInput } from './body/body-input.ts';
import type { CompressionName } from './body/compressed-body.ts';
import type { FilesInput } from './multipart/file-input.ts';
import { InvalidOption } from '../errors.ts';
import type { HeadersInput } from './fields/header-input.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import type { ParamsInput } from './url/params.ts';

/** What belongs to the message whatever its body. */
export interface CommonMessageOptions {
  /** Laid over the client's, name by name. `null` for a name removes it; `null` for all leaves the built-in defaults. */
  readonly headers?: HeadersInput | null | undefined;
  /** Appended to the query of the URL. Laid over the client's, name by name; `null` leaves those out. */
  readonly params?: ParamsInput | null | undefined;
  /** Fields after the body (RFC 9110 §6.5), or a function asked for them once it has been sent. */
  readonly trailers?: TrailerSource | undefined;
}

/** What can be done to any body. */
export interface ContentOptions {
  /**
   * Compresses the body as it is sent, and says so in `Content-Encoding`. For servers that are known to take it: there is no way
   * to ask. `zstd` needs Node 22.15 or later.
   */
  readonly compress?: CompressionName | null | undefined;
}

/** No body. */
export interface NoBodyOptions {
  readonly json?: undefined;
  readonly form?: undefined;
  readonly files?: undefined;
  readonly body?: undefined;
  readonly compress?: undefined;
}
/** A JSON document; `null` is one too. Sets `Content-Type: application/json` unless the caller does. */
export interface JsonBodyOptions extends ContentOptions {
  readonly json: unknown;
  readonly form?: undefined;
  readonly files?: undefined;
  readonly body?: undefined;
}
/** Fields as an HTML form sends them. Sets `Content-Type: application/x-www-form-urlencoded` unless the caller does. */
export interface FormBodyOptions extends ContentOptions {
  readonly form: ParamsInput;
  readonly files?: undefined;
  readonly json?: undefined;
  readonly body?: undefined;
}
/**
 * Files, after the fields of `form`, as `multipart/form-data`. They are never held as a whole. The request has a
 * `Content-Length` if the lengths of all of them are known. A `Content-Type` of the caller's must have a boundary, which is used.
 */
export interface FilesBodyOptions extends ContentOptions {
  readonly files: FilesInput;
  readonly form?: ParamsInput | undefined;
  readonly json?: undefined;
  readonly body?: undefined;
}
/**
 * Text, bytes, a stream, an iterable, or a function that makes one of them each time that the request is sent. A `FormData`
 * becomes `multipart/form-data`.
 */
export interface RawBodyOptions extends ContentOptions {
  readonly body: BodyInput | FormData | null;
  readonly json?: undefined;
  readonly form?: undefined;
  readonly files?: undefined;
}
/** One body at most: two of them in one request do not compile. */
export type BodyOptions = NoBodyOptions | JsonBodyOptions | FormBodyOptions | FilesBodyOptions | RawBodyOptions;

/** Everything that makes a request. */
export type MessageOptions = CommonMessageOptions & BodyOptions;

/** The options of one message, all of them own properties. */
export interface OwnMessageOptions extends CommonMessageOptions, ContentOptions {
  readonly json?: unknown;
  readonly form?: ParamsInput | null | undefined;
  readonly files?: FilesInput | null | undefined;
  readonly body?: BodyInput | FormData | null | undefined;
}

export const messageNames: OptionNames<OwnMessageOptions> = Object.freeze({
  headers: undefined,
  params: undefined,
  trailers: undefined,
  json: undefined,
  form: undefined,
  files: undefined,
  body: undefined,
  compress: undefined,
});
const changeNames: OptionNames<OwnMessageOptions & TargetChanges> = Object.freeze({ ...messageNames, method: undefined, url: undefined });

/** Where `with()` turns a request to. */
export interface TargetChanges {
  readonly method?: string | undefined;
  /** Absolute, or relative to the present URL. */
  readonly url?: string | URL | undefined;
}

/** @throws {InvalidOption} an option is unknown, or there is more than one body. */
export function readMessageOptions(options: MessageOptions): OwnMessageOptions {
  return oneBody(ownOptions<OwnMessageOptions>(options, messageNames));
}

/** @throws {InvalidOption} as {@link readMessageOptions}. */
export function readRequestChanges(changes: MessageOptions & TargetChanges): OwnMessageOptions & TargetChanges {
  return oneBody(ownOptions<OwnMessageOptions & TargetChanges>(changes, changeNames));
}

/** @throws {InvalidOption} two of `json`, `form` and `body` are there; `files` may be with `form`, and takes its place otherwise. */
export function oneBody<Options extends OwnMessageOptions>(options: Options): Options {
  const form = options.form === undefined && options.files !== undefined ? 'files' : 'form';
  const given = (['json', form, 'body'] as const).filter((name) => options[name] !== undefined);
  if (given.length > 1)
    throw new InvalidOption(given[1]!, `can not be used together with ${JSON.stringify(given[0])}: a request has one body`);
  return options;
}
