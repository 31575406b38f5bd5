/** Where the core does not do what curl does with a reply, and why. Whatever is not here must be the same. */

export interface Failure {
  readonly name: string;
  readonly code: RegExp;
}

/** What curl's exit codes are to us. Those that are not here come from options that the core does not have. */
export const failureOfExitCode: Readonly<Record<string, Failure>> = {
  // CURLE_UNSUPPORTED_PROTOCOL: a version that is no HTTP/1.
  1: { name: 'RemoteProtocolError', code: /^INVALID_RESPONSE$/ },
  // CURLE_WEIRD_SERVER_REPLY.
  8: { name: 'RemoteProtocolError', code: /^INVALID_(?:RESPONSE|CONTENT_LENGTH)$/ },
  // CURLE_PARTIAL_FILE.
  18: { name: 'RemoteProtocolError', code: /^INCOMPLETE_BODY$/ },
  // CURLE_OPERATION_TIMEDOUT.
  28: { name: 'ReadTimeout', code: /^READ_TIMEOUT$/ },
  // CURLE_GOT_NOTHING.
  52: { name: 'ReadError', code: /^CONNECTION_CLOSED$/ },
  // CURLE_RECV_ERROR: chunks that are none, a head that is too large.
  56: { name: 'RemoteProtocolError', code: /^(?:INVALID_CHUNK|TOO_MANY_FIELDS|HEAD_TOO_LARGE)$/ },
};

export const bareLineFeed: Failure & { readonly reason: string } = {
  reason: 'read with lenientHttp1 only: a bare LF has been used for smuggling',
  name: 'RemoteProtocolError',
  code: /^INVALID_RESPONSE$/,
};

export interface Difference {
  readonly reason: string;
  /** We fail instead; `undefined`: we read it. */
  readonly failure: Failure | undefined;
}

const failing = (code: string, reason: string): Difference => ({
  reason,
  failure: { name: 'RemoteProtocolError', code: new RegExp(`^${code}$`) },
});
const reading = (reason: string): Difference => ({ reason, failure: undefined });

const failOnStatus = reading('-f turns a status into an error: the client has raiseForStatus for it');
const decoding = 'decoding the content is for the client, the core hands over what came';
const decodingCut = failing('INCOMPLETE_BODY', `${decoding}; and less came than was announced, which curl gives up too early to see`);
const sizeLimit = reading('--max-filesize is for the client, which limits what it decodes');

export const differences: Readonly<Record<number, Difference>> = {
  24: failOnStatus,
  152: failOnStatus,
  349: failOnStatus,
  221: reading(decoding),
  223: decodingCut,
  315: decodingCut,
  293: sizeLimit,
  457: sizeLimit,
  66: failing('INVALID_RESPONSE', 'HTTP/0.9 is refused: curl takes it only with --http0.9'),
  269: failing('INCOMPLETE_BODY', '--ignore-content-length has no counterpart: a length that is not reached is a truncation'),
  319: failing('CONFLICTING_FRAMING', 'a length beside a transfer coding is refused'),
  365: failing('CONFLICTING_FRAMING', 'a length beside a transfer coding is refused'),
  387: failing('CONFLICTING_FRAMING', 'a length beside a transfer coding is refused, before anyone counts the codings'),
  418: failing('CONFLICTING_FRAMING', 'a length beside a transfer coding is refused, before anyone counts the codings'),
  393: failing('INVALID_CONTENT_LENGTH', 'a length that no number can hold is refused: curl does so with --max-filesize'),
  395: failing('INVALID_CONTENT_LENGTH', 'a length that no number can hold is refused: curl reads until the connection closes'),
};

/** Where curl's body is not what the reply carries. */
export const bodyDifferences: Readonly<Record<number, string>> = {
  326: '--raw hands over chunks with their framing: the core always takes it off',
};
