/** The replies of curl's test suite, and what curl 8 makes of them. */
import type { HeaderPair, UrlParts } from '../../../src/contract/dispatcher.ts';

export interface CurlCase {
  /** The number of the test in curl's suite. */
  readonly id: number;
  readonly name: string;
  readonly request: CurlRequest;
  readonly replyB64: { readonly data: string };
  readonly closesAfter: { readonly data: boolean };
  readonly curlExitCode: string;
}

/** curl's command line, as far as it can matter. */
export interface CurlRequest {
  readonly method: string;
  readonly urls: readonly string[];
  readonly headers?: readonly string[];
  readonly body?: string;
  readonly [option: string]: unknown;
}

/** Options that do not change how a reply is read, and that the core does not have: what they send is their client's business. */
export const optionsWithoutEffect: Readonly<Record<string, string>> = {
  user: 'Authorization is a header to the core',
  auth: 'Authorization is a header to the core',
  cookies: 'Cookie is a header to the core',
  cookieEngine: 'cookies are kept by the client',
  range: 'Range is a header to the core, and 206 a status',
  http10: 'the core asks in HTTP/1.1',
  resolve: 'the server is asked by its address',
  te: 'TE is a header to the core',
};

/** Options that do. A case that has one is in the table of differences, or its reply reads the same with and without. */
export const optionsWithEffect: ReadonlySet<string> = new Set(['fail', 'http09', 'compressed', 'ignoreCL', 'maxSize', 'raw']);

/** What is left of an answer when nobody looks at how it was framed. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly HeaderPair[];
  /** Latin-1. */
  readonly body: string;
}

export interface CurlReading {
  /** `undefined`: not as far as the end of a head. */
  readonly answer: Answer | undefined;
  /** Does only the end of the connection end the body, in order or too early? */
  readonly endsAtClose: boolean;
}

export function urlOf(request: CurlRequest, port: number): UrlParts {
  // A host and port stand before the path in some, nothing but a query in others.
  const path = request.urls[0]!.replace(/^(?:http:\/\/)?[^/?]*/, '');
  return ['http', '127.0.0.1', port, encodeURI(path.startsWith('/') ? path : `/${path}`)];
}

/** Fields of `-H`. Those without a value take a field of curl's own away, or are an admonition. */
export function headersOf(request: CurlRequest): HeaderPair[] {
  return (request.headers ?? []).flatMap((line) => {
    const [, name, value] = /^([\w-]+):[ ]*(.+)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
}

/** Does a line of the head end in LF alone? */
export function hasBareLineFeed(reply: Buffer): boolean {
  const text = reply.toString('latin1');
  const end = /\r?\n\r?\n/.exec(text);
  return /(?:^|[^\r])\n/.test(end === null ? text : text.slice(0, end.index + end[0].length));
}

/**
 * Reads a reply as curl does when all is well: lines end in LF, and a CR before it is dropped. It knows no errors, for those
 * curl's exit code is asked.
 */
export function readAsCurl(reply: Buffer, request: CurlRequest): CurlReading {
  const text = reply.toString('latin1');
  const end = /\r?\n\r?\n/.exec(text);
  const lines = end === null ? [] : text.slice(0, end.index).split(/\r?\n/);
  const status = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(lines[0] ?? '');
  if (end === null || status === null) return { answer: undefined, endsAtClose: true };
  const headers = lines.slice(1).map((line): HeaderPair => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).replaceAll(/^[ \t]+|[ \t]+$/g, '')];
  });
  const rest = text.slice(end.index + end[0].length);
  const answer = (body: string): Answer => ({ status: Number(status[1]), reason: status[2] ?? '', headers, body });
  const field = (name: string): string | undefined => headers.find((pair) => pair[0].toLowerCase() === name)?.[1];
  if (request.method === 'HEAD' || status[1] === '204' || status[1] === '304') return { answer: answer(''), endsAtClose: false };
  const coding = field('transfer-encoding');
  if (coding?.toLowerCase() === 'chunked') return { answer: answer(joinChunks(rest)), endsAtClose: false };
  const length = field('content-length') ?? '';
  // A coding that is not chunked outdoes a length, and a length that no number holds is none.
  if (coding !== undefined || !/^\d{1,15}$/.test(length)) return { answer: answer(rest), endsAtClose: true };
  return { answer: answer(rest.slice(0, Number(length))), endsAtClose: rest.length < Number(length) };
}

function joinChunks(rest: string): string {
  let body = '';
  for (let at = 0; ;) {
    const size = /^([0-9a-f]+)[^\n]*\n/i.exec(rest.slice(at, at + 200));
    if (size === null || Number.parseInt(size[1]!, 16) === 0) return body;
    const start = at + size[0].length;
    at = start + Number.parseInt(size[1]!, 16);
    body += rest.slice(start, at);
    at = rest.indexOf('\n', at) + 1;
  }
}
