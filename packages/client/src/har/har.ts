/**
 * The HTTP Archive format, version 1.2 (http://www.softwareishard.com/blog/har-12-spec/): what the dev tools of browsers save and open. Members that begin
 * with an underscore are ours, as the format has it.
 */

export interface Har {
  readonly log: HarLog;
}

/** The log of an archive: who wrote it, and its entries. */
export interface HarLog {
  readonly version: '1.2';
  readonly creator: { readonly name: string; readonly version: string };
  readonly entries: readonly HarEntry[];
}

/** One request and its response. */
export interface HarEntry {
  /** ISO 8601. */
  readonly startedDateTime: string;
  /** Milliseconds: the sum of {@link HarTimings}, without `ssl`, which is part of `connect`. */
  readonly time: number;
  readonly request: HarRequest;
  /** Its status is 0 where none came. */
  readonly response: HarResponse;
  readonly cache: Readonly<Record<string, never>>;
  readonly timings: HarTimings;
  readonly serverIPAddress?: string;
  readonly connection?: string;
  /** The 1xx responses that came before. */
  readonly _informational?: readonly HarInformational[];
  /** What it failed with, before its head or in its body. */
  readonly _failure?: HarFailure;
  /** The response took the connection over (101, or 2xx to CONNECT): what was said on it is not here. */
  readonly _upgraded?: true;
}

/** A name and a value: a field, a parameter. */
export interface HarPair {
  readonly name: string;
  readonly value: string;
}

/** A cookie, as HAR 1.2 has it. */
export interface HarCookie extends HarPair {
  readonly path?: string;
  readonly domain?: string;
  readonly expires?: string;
  readonly httpOnly?: boolean;
  readonly secure?: boolean;
}

/** A request, as HAR 1.2 has it. */
export interface HarRequest {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly cookies: readonly HarCookie[];
  readonly headers: readonly HarPair[];
  readonly queryString: readonly HarPair[];
  readonly postData?: HarPostData;
  /** -1: not known, as everywhere. */
  readonly headersSize: number;
  readonly bodySize: number;
  readonly _trailers?: readonly HarPair[];
}

/** The body of a request. */
export interface HarPostData {
  readonly mimeType: string;
  readonly params?: readonly HarPair[];
  readonly text: string;
  readonly comment?: string;
  /** `base64` where the bytes are no text. */
  readonly _encoding?: 'base64';
  /** Not all of it was sent, since the answer, or an error, came before. */
  readonly _incomplete?: true;
  /** It was larger than what is kept: {@link HarPostData.text} is empty, and this is the SHA-256 of what was sent, in hexadecimal digits. */
  readonly _sha256?: string;
}

/** A response, as HAR 1.2 has it. */
export interface HarResponse {
  readonly status: number;
  readonly statusText: string;
  readonly httpVersion: string;
  readonly cookies: readonly HarCookie[];
  readonly headers: readonly HarPair[];
  readonly content: HarContent;
  readonly redirectURL: string;
  readonly headersSize: number;
  /** Bytes of the body as they were sent, content coding included. */
  readonly bodySize: number;
  /** Shown by the dev tools of Chromium. */
  readonly _error?: string;
  readonly _trailers?: readonly HarPair[];
}

/** The body of a response, with its content coding undone where that is possible. */
export interface HarContent {
  readonly size: number;
  readonly compression?: number;
  readonly mimeType: string;
  readonly text?: string;
  readonly encoding?: 'base64';
  readonly comment?: string;
  /**
   * The pieces that it came in: milliseconds since the head, and how many bytes of the content (as it is here) had come in all by then. Absent where
   * all of it came in one.
   */
  readonly _chunks?: readonly (readonly [at: number, bytes: number])[];
  /** Its content coding is not undone. */
  readonly _encoded?: true;
  /** `closed`: whoever asked wanted no more of it. `large`: it was longer than what is kept. */
  readonly _incomplete?: 'closed' | 'large';
}

/** Milliseconds each; -1 for what did not happen. `connect` has the proxy's handshake and TLS in it. */
export interface HarTimings {
  readonly blocked: number;
  readonly dns: number;
  readonly connect: number;
  readonly send: number;
  readonly wait: number;
  readonly receive: number;
  readonly ssl: number;
}

/** A response of 1xx that came before. */
export interface HarInformational {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly HarPair[];
  /** Milliseconds since the request was made. */
  readonly at: number;
}

/** An error of `@x/httpcore`. */
export interface HarFailure {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly phase?: string;
  readonly requestSent?: boolean;
  /** The system's name for the reason, such as `ECONNREFUSED`. */
  readonly errno?: string;
}
