/** Where our engine does not do what llhttp's own suite expects, and why. Whatever is not here must be the same. */
import type { Outcome } from '../outcome.ts';
import type { ExpectedOutcome } from './event-log.ts';

export interface Difference {
  readonly reason: string;
  /** What we do instead; all the rest is as llhttp's. */
  readonly ours: Partial<ExpectedOutcome> & Pick<Partial<Outcome>, 'code'>;
}

const refusal = { head: undefined, body: '', trailers: [], ending: 'fault', endingAtClose: 'fault', code: 'INVALID_RESPONSE' } as const;

const pipelined: Difference = {
  reason: 'We have asked once, so one answer is read. What follows it costs the connection and is never looked at.',
  ours: { readsOn: false },
};

const afterClose: Difference = {
  reason: 'The answer was complete; bytes after it cost a connection that was not going to be used again. As curl.',
  ours: { ending: 'complete', endingAtClose: 'complete' },
};

const emptyLine: Difference = {
  reason: 'RFC 9112 §2.2 lets servers skip an empty line before a request, and says nothing like it of responses. As curl.',
  ours: refusal,
};

const protocol: Difference = {
  reason: 'We speak HTTP/1.0 and HTTP/1.1.',
  ours: refusal,
};

const coding: Difference = {
  reason: 'A transfer coding that we do not undo is refused (RFC 9112 §6.1), in the place of handing its octets out as the body.',
  ours: { ...refusal, code: 'UNSUPPORTED_TRANSFER_CODING' },
};

export const differences: Readonly<Record<string, Difference>> = {
  'connection.md: HTTP/1.0 with keep-alive and 204 status': pipelined,
  'connection.md: HTTP/1.1 with 204 status': pipelined,
  'connection.md: HTTP/1.1 with keep-alive disabled and 204 status (lenient)': pipelined,
  'connection.md: HTTP 304 with Content-Length': pipelined,
  'connection.md: HTTP 304 with Transfer-Encoding': pipelined,
  'content-length.md: Content-Length reset when no body is received': pipelined,
  'pipelining.md: Should parse multiple events': pipelined,

  'connection.md: HTTP/1.1 with keep-alive disabled and 204 status': afterClose,
  'connection.md: HTTP/1.1 with keep-alive disabled, content-length': afterClose,

  'connection.md: HTTP 100 first, then 400': emptyLine,
  'sample.md: Response starting with CRLF': emptyLine,

  'sample.md: RTSP response': protocol,
  'sample.md: ICE response': protocol,
  'sample.md: HTTP version 0.9': protocol,
  'lenient-version.md: Invalid HTTP version (lenient)': protocol,

  'transfer-encoding.md: `chunked` before other transfer-encoding': coding,
  'transfer-encoding.md: multiple transfer-encoding where chunked is not the last one': coding,
  'transfer-encoding.md: `chunkedchunked` transfer-encoding does not enable chunked enconding': coding,
  'transfer-encoding.md: Invalid OBS fold after chunked value': coding,

  'invalid.md: Bare CR after response line (lenient)': {
    reason: 'No option of ours takes a bare CR for a line end: `lenientHttp1` is for bare LF and obs-fold.',
    ours: refusal,
  },
  'content-length.md: Tabs in `Content-Length` (surrounding)': {
    reason: 'Our llhttp is 9.3, which takes a tab before the length and not one after it. Refusing it is safe.',
    ours: { ...refusal, code: 'INVALID_CONTENT_LENGTH' },
  },
};
