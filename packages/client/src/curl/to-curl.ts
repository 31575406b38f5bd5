/** A request as a command for curl. */
import { InvalidOption } from '../errors.ts';
import { Mask, type MaskOptions } from '../har/mask.ts';
import { boolean } from '../options/checks.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import { findHeader } from '../request/fields/header-input.ts';
import { Request } from '../request/request.ts';
import { AnyResponse } from '../response/any-response.ts';
import { curlBody, type CurlBody } from './curl-body.ts';
import { quoted, quotedOctets } from './shell-quoting.ts';

/** What `toCurl()` may be told: whether secrets are shown, above all. */
export interface ToCurlOptions {
  /** Shows secrets, so that the command can be run as it is. Default `false`. */
  readonly reveal?: boolean | undefined;
  /** Which secrets are masked, beside those that always are. */
  readonly mask?: MaskOptions | undefined;
}

const optionNames: OptionNames<ToCurlOptions> = Object.freeze({ reveal: undefined, mask: undefined });

/**
 * The command for curl that sends the same request, for a shell of POSIX. Secrets are masked, unless `reveal` is set. Bodies that are in memory are part of
 * it, files are named by their path, and what is read as it is sent comes from curl's standard input.
 *
 * @throws {InvalidOption} it is neither a request nor a response of a client, or an option is impossible.
 * @example
 * const request = client.buildRequest('POST', 'https://example.com/items', { json: { name: 'pen' } });
 * console.log(toCurl(request));
 */
export function toCurl(from: Request | AnyResponse, options: ToCurlOptions = {}): string {
  const { reveal = false, mask } = ownOptions(options, optionNames);
  const request = from instanceof AnyResponse ? from.request : from;
  if (!(request instanceof Request)) throw new InvalidOption('request', 'must be a request or a response of a client');
  const masking = Mask.of(mask);
  return command(request, boolean('reveal', reveal) ? undefined : masking);
}

function command({ method, url, rawHeaders, body }: Request, mask: Mask | undefined): string {
  const sent = body === null ? undefined : curlBody(body, findHeader(rawHeaders, 'content-type') ?? '', mask);
  const shownUrl = mask === undefined ? url : mask.url(url);
  const parts = [
    ...methodOption(method, sent),
    // Brackets and braces would be ranges of URLs.
    ...(/[[\]{}]/.test(shownUrl) ? ['--globoff'] : []),
    ...rawHeaders.flatMap(([name, value]) => headerOption(name, mask === undefined ? value : mask.header(name, value), sent)),
    ...withoutOwn(rawHeaders, sent),
    ...(sent?.options ?? []),
  ];
  const lines = [`curl ${quoted(shownUrl)}`, ...parts].join(' \\\n  ');
  return sent?.stdin === undefined ? lines : `${sent.stdin} | \\\n${lines}`;
}

/** What curl would choose by itself is not said. */
function methodOption(method: string, body: CurlBody | undefined): string[] {
  if (method === 'HEAD' && body === undefined) return ['--head'];
  return method === (body === undefined ? 'GET' : 'POST') ? [] : [`--request ${quoted(method)}`];
}

function headerOption(name: string, value: string, body: CurlBody | undefined): string[] {
  // curl makes these.
  const isCurls = /^(?:content-length|transfer-encoding)$/i.test(name) || (body?.isForm === true && /^content-type$/i.test(name));
  if (isCurls && body !== undefined) return [];
  // With a colon and nothing behind it curl takes the field away.
  return [`--header ${value === '' ? quoted(`${name};`) : quotedOctets(`${name}: ${value}`)}`];
}

/** Fields that curl adds, and this request does not have. */
function withoutOwn(headers: readonly (readonly [name: string, value: string])[], body: CurlBody | undefined): string[] {
  const names = [
    'Accept',
    'User-Agent',
    ...(body === undefined ? [] : ['Expect']),
    ...(body === undefined || body.isForm ? [] : ['Content-Type']),
  ];
  return names.filter((name) => findHeader(headers, name.toLowerCase()) === undefined).map((name) => `--header ${quoted(`${name}:`)}`);
}
