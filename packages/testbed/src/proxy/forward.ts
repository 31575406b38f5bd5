/** What an HTTP proxy does with a request that is not CONNECT: sends it on, and the answer back (RFC 9110 §7.6, RFC 9112 §3.2.2). */
import { request as sendRequest, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { headerPairs } from '../behaviours/request-body.ts';
import type { FarSide } from './far-side.ts';
import { parseTarget, type Target } from './target.ts';

type Pair = readonly [name: string, value: string];

/** An absolute-form target, taken apart but not changed. */
export interface ForwardTarget extends Target {
  /** `host:port`, the port also where it was left out. */
  readonly authority: string;
  /** As the `Host` field has it: the port only where it was given. */
  readonly hostField: string;
  /** The target in origin-form. */
  readonly path: string;
}

/** Fields about one connection only, beside those that `Connection` names. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);
/** Methods for which Node sends no framing unless told to. */
const WITHOUT_BODY = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);
const ABSOLUTE_FORM = /^http:\/\/([^/?#@]+)([^#]*)$/iu;

/** `undefined` for what is not an absolute http URL, or has credentials in it. */
export function parseForwardTarget(method: string, text: string): ForwardTarget | undefined {
  const [, hostField = '', rest = ''] = ABSOLUTE_FORM.exec(text) ?? [];
  const authority = /:\d+$/u.test(hostField) ? hostField : `${hostField}:80`;
  const target = parseTarget(authority);
  if (target === undefined) return undefined;
  const asterisk = rest === '' && method === 'OPTIONS';
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  return { ...target, authority, hostField, path: asterisk ? '*' : path };
}

export function forward(request: IncomingMessage, response: ServerResponse, target: ForwardTarget, far: FarSide): void {
  const address = far.addressOf(target.host);
  if (address === undefined) {
    answerPlain(request, response, 403, 'not on this machine');
    return;
  }
  const upstream = sendRequest({
    host: address,
    port: target.port,
    method: request.method ?? 'GET',
    path: target.path,
    headers: requestFields(request, target).flat(),
    setHost: false,
    agent: far.agent,
  });
  upstream.once('socket', (socket) => far.track(socket));
  upstream.flushHeaders();
  passInformational(upstream, response);
  let hasAnswer = false;
  upstream.on('response', (answer) => {
    hasAnswer = true;
    answerWith(answer, request, response);
  });
  upstream.on('error', (error) => {
    // Once the head is out, a broken body is all that can tell.
    if (!hasAnswer) answerPlain(request, response, 502, error.message);
  });
  // A client that goes away takes the exchange with the target with it.
  response.once('close', () => {
    if (!response.writableFinished) upstream.destroy();
  });
  request.on('end', () => {
    if (request.rawTrailers.length > 0) upstream.addTrailers(headerPairs(request.rawTrailers));
  });
  request.pipe(upstream);
}

/** An answer of the proxy's own. */
export function answerPlain(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string | string[]>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  request.resume();
  const body = Buffer.from(`${text}\n`);
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': body.length, ...headers }).end(body);
}

function requestFields(request: IncomingMessage, target: ForwardTarget): Pair[] {
  const pairs = headerPairs(request.rawHeaders).filter(([name]) => !name.startsWith(':'));
  const fields = endToEnd(pairs).filter(([name]) => name.toLowerCase() !== 'host');
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  const isHttp2 = request.httpVersionMajor === 2;
  const hasBody = isHttp2
    ? length === undefined && !(request as { stream?: { endAfterHeaders?: boolean } }).stream?.endAfterHeaders
    : coding !== undefined;
  // Without a word on framing Node would choose one by the method.
  const framing: Pair[] = hasBody ? [['Transfer-Encoding', 'chunked']] : [];
  if (!hasBody && length === undefined && !WITHOUT_BODY.has(request.method ?? '')) framing.push(['Content-Length', '0']);
  return [
    // Not what the client put there (RFC 9112 §3.2.2).
    ['Host', target.hostField],
    ...fields,
    ['Via', `${request.httpVersion} testbed`],
    ...framing,
  ];
}

function answerWith(answer: IncomingMessage, request: IncomingMessage, response: ServerResponse): void {
  const status = answer.statusCode ?? 502;
  const fields: Pair[] = [...endToEnd(headerPairs(answer.rawHeaders)), ['Via', `${answer.httpVersion} testbed`]];
  if (request.httpVersionMajor === 2) {
    for (const [name, value] of fields) response.appendHeader(name.toLowerCase(), value);
    response.writeHead(status);
  } else {
    response.sendDate = false;
    response.writeHead(status, answer.statusMessage ?? '', fields.flat());
  }
  answer.on('end', () => {
    if (answer.rawTrailers.length > 0) response.addTrailers(headerPairs(answer.rawTrailers));
  });
  // A target that breaks off must not look like one that ended: the pipeline then destroys the client's connection.
  pipeline(answer, response, () => {});
}

function passInformational(upstream: ClientRequest, response: ServerResponse): void {
  upstream.on('continue', () => response.writeContinue());
  upstream.on('information', ({ statusCode, rawHeaders }) => {
    if (statusCode === 102 && response.req.httpVersionMajor === 1) response.writeProcessing();
    if (statusCode !== 103) return;
    const hints: Record<string, string | string[]> = {};
    for (const [name, value] of headerPairs(rawHeaders)) hints[name.toLowerCase()] = [...[hints[name.toLowerCase()] ?? []].flat(), value];
    if ('link' in hints) response.writeEarlyHints(hints);
  });
}

function endToEnd(pairs: readonly Pair[]): Pair[] {
  const named = pairs
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(',').map((option) => option.trim().toLowerCase()));
  return pairs.filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && !named.includes(name.toLowerCase()));
}
