/** What Node's `fetch` passes and `client.fetch` does not, and why; the guide to fetch says the same. */
export interface Exception {
  /** A part of the path. */
  readonly file: string;
  /** Of the names of its tests; all of them without. */
  readonly test?: RegExp;
  readonly reason: string;
}

export const exceptions: readonly Exception[] = [
  {
    file: '/cors/',
    reason: 'There is no page whose origin could be protected, so there is no CORS: neither refusals nor opaque responses.',
  },
  {
    file: '/redirect/redirect-back-to-original-origin',
    test: /mode: "(?:no-)?cors"$/u,
    reason: 'For the same reason `type` is always "basic".',
  },
  { file: 'integrity.sub', test: /opaque/u, reason: 'There is no CORS, so no response is opaque.' },
  {
    file: 'abort/general',
    test: /synchronously cancels/u,
    reason: 'A stream that is sent is let go of once the call has ended, a moment after the abort.',
  },
  {
    file: '/redirect/redirect-referrer',
    test: /^(?!.*(?:same-origin|no-referrer) (?:init|redirect header))/u,
    reason: 'A program has no page that a request comes from: what names no referrer has none. The tests give Node the origin of a page.',
  },
  { file: '/basic/referrer', test: /^origin-when-cross-origin/u, reason: 'The same.' },
  { file: '/basic/request-referrer', test: /about:client/u, reason: 'The same.' },
  { file: '/redirect/redirect-origin', test: /to other origin$/u, reason: 'Nor is there a page whose origin `Origin` could name.' },
  { file: '/basic/request-headers.any', test: /^Fetch with (?:POST|PUT)/u, reason: 'The same.' },
  { file: '/basic/mode-same-origin', test: /127\.0\.0\.1|www1/u, reason: 'Nor one whose origin "same-origin" could mean.' },
  {
    file: 'request-forbidden-headers',
    test: /^(?:Content-Length|Host|Referer) /u,
    reason: 'No header name is forbidden: a program may say all that HTTP lets it say, and a wrong Content-Length is an error.',
  },
  {
    file: '/basic/request-upload.any',
    test: /ReadableStream containing String$/u,
    reason: 'Text in a stream is sent as UTF-8, as everywhere in the client: `Readable.toWeb()` of a stream of text gives it.',
  },
  { file: 'request-bad-port', reason: 'Ports that a browser must not reach are where servers of a network listen.' },
  {
    file: '/basic/error-after-response',
    test: /closed/u,
    reason:
      'A body is read when somebody asks for it, so that what came before a failure is not lost: `closed` rejects with the read that meets it.',
  },
];
