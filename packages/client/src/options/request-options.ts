/** What makes one request. `undefined` always means "as the client has it". */
import type { TrailerSource } from '@x/httpcore';

import type { BodyInput } from '../body/body-input.ts';
import { InvalidOption } from '../errors.ts';
import type { HeadersInput } from '../message/header-input.ts';
import { ownOptions, type OptionNames } from './own-options.ts';
import type { ParamsInput } from './params.ts';

/** What belongs to the message whatever its body. */
export interface HeadOptions {
  /** Laid over the client's, name by name. `null` for a name removes it; `null` for all leaves the built-in defaults. */
  readonly headers?: HeadersInput | null | undefined;
  /** Appended to the query of the URL. Laid over the client's, name by name; `null` leaves those out. */
  readonly params?: ParamsInput | null | undefined;
  /** Fields after the body (RFC 9110 §6.5), or a function asked for them once it has been sent. */
  readonly trailers?: TrailerSource | undefined;
}

/** No body. */
export interface NoBodyOptions {
  readonly json?: undefined;
  readonly form?: undefined;
  readonly body?: undefined;
}
/** A JSON document; `null` is one too. Sets `Content-Type: application/json` unless the caller does. */
export interface JsonBodyOptions {
  readonly json: unknown;
  readonly form?: undefined;
  readonly body?: undefined;
}
/** Fields as an HTML form sends them. Sets `Content-Type: application/x-www-form-urlencoded` unless the caller does. */
export interface FormBodyOptions {
  readonly form: ParamsInput;
  readonly json?: undefined;
  readonly body?: undefined;
}
/** Text, bytes, a stream, an iterable, or a function that makes one of them each time that the request is sent. */
export interface RawBodyOptions {
  readonly body: BodyInput | null;
  readonly json?: undefined;
  readonly form?: undefined;
}
/** One body at most: two of them in one request do not compile. */
export type BodyOptions = NoBodyOptions | JsonBodyOptions | FormBodyOptions | RawBodyOptions;

/** Everything that makes a request. */
export type MessageOptions = HeadOptions & BodyOptions;

/** The options of one message, all of them own properties. */
export interface OwnMessageOptions extends HeadOptions {
  readonly json?: unknown;
  readonly form?: ParamsInput | null | undefined;
  readonly body?: BodyInput | null | undefined;
}

export const messageNames: OptionNames<OwnMessageOptions> = Object.freeze({
  headers: undefined,
  params: undefined,
  trailers: undefined,
  json: undefined,
  form: undefined,
  body: undefined,
});
const changeNames: OptionNames<OwnMessageOptions & TargetChanges> = Object.freeze({ ...messageNames, method: undefined, url: undefined });

/** Where `with()` turns a request to. */
export interface TargetChanges {
  readonly method?: string | undefined;
  /** Absolute, or relative to the present URL. */
  readonly url?: string | URL | undefined;
}

/** @throws {InvalidOption} an option is unknown, or two of `json`, `form` and `body` are there. */
export function readMessageOptions(options: MessageOptions): OwnMessageOptions {
  return oneBody(ownOptions<OwnMessageOptions>(options, messageNames));
}

/** @throws {InvalidOption} as {@link readMessageOptions}. */
export function readRequestChanges(changes: MessageOptions & TargetChanges): OwnMessageOptions & TargetChanges {
  return oneBody(ownOptions<OwnMessageOptions & TargetChanges>(changes, changeNames));
}

/** @throws {InvalidOption} two of `json`, `form` and `body` are there. */
export function oneBody<Options extends OwnMessageOptions>(options: Options): Options {
  const given = (['json', 'form', 'body'] as const).filter((name) => options[name] !== undefined);
  if (given.length > 1)
    throw new InvalidOption(given[1]!, `can not be used together with ${JSON.stringify(given[0])}: a request has one body`);
  return options;
}
