/** What the HTTP/1.1 engine makes of one reply, as plain values that other parsers' results can be put beside. */
import type { HeaderPair } from '../../src/contract/dispatcher.ts';
import type { HttpCoreError } from '../../src/contract/errors.ts';
import { requestFraming } from '../../src/model/request-framing.ts';
import { Http1Engine, type Http1Handler } from '../../src/protocol/http1/engine.ts';
import type { ResponseHead } from '../../src/protocol/http1/response-head.ts';

/** The request that a reply answers, and what is known of its connection. */
export interface Question {
  /** Default `GET`. */
  readonly method?: string;
  /** Asks for an upgrade, so that 101 is an answer. Default `false`. */
  readonly upgrade?: boolean;
  /** Does the server end its direction after the bytes? Default `false`. */
  readonly closes?: boolean;
  /** As `lenientHttp1`. Default `false`. */
  readonly lenient?: boolean;
}

export interface HeadSeen {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly HeaderPair[];
}

/** `waiting`: all the bytes are read, and the reply is not over. */
export type Ending = 'complete' | 'fault' | 'waiting';

export interface Outcome {
  /** Versions of informational heads are not told to callers: only status, reason and fields. */
  readonly informational: readonly Omit<HeadSeen, 'version'>[];
  /** The final head, if it came. */
  readonly head: HeadSeen | undefined;
  /** Latin-1. */
  readonly body: string;
  readonly trailers: readonly HeaderPair[];
  readonly ending: Ending;
  /** `code` of the error, where `ending` is `fault`. */
  readonly code: string | undefined;
}

export interface ObservedOutcome extends Outcome {
  readonly reusable: boolean;
  /** What the engine called in an order that its handler must never see. Empty, or there is a bug. */
  readonly violations: readonly string[];
}

/** Gives `pieces` to an engine that has sent its request. What `receive` throws, this throws. */
export function outcomeOf(pieces: readonly Uint8Array[], question: Question = {}): ObservedOutcome {
  const { method = 'GET', upgrade = false, closes = false, lenient = false } = question;
  const observer = new Observer();
  const engine = new Http1Engine({ write: () => true }, observer, { maxHeaderBytes: 65_536, maxHeaderFields: 256, lenient });
  const headers: readonly HeaderPair[] = upgrade
    ? [
        ['connection', 'upgrade'],
        ['upgrade', 'echo'],
      ]
    : [];
  engine.begin(method, '/', 'example.com', headers, requestFraming(method, headers, null, false));
  engine.sendEnd(null);
  for (const piece of pieces) {
    // The memory of a chunk is the engine's only during the call.
    const chunk = Buffer.from(piece);
    engine.receive(chunk);
    chunk.fill(0xdb);
  }
  if (closes) engine.receiveEnd();
  const { reusable } = engine;
  engine.stop();
  return observer.outcome(reusable);
}

class Observer implements Http1Handler {
  readonly #informational: Omit<HeadSeen, 'version'>[] = [];
  readonly #violations: string[] = [];
  #head: HeadSeen | undefined;
  #body: string[] = [];
  #trailers: readonly HeaderPair[] = [];
  #ending: Ending = 'waiting';
  #code: string | undefined;

  onInformational(status: number, reason: string, headers: readonly HeaderPair[]): void {
    this.#expect('an informational head', this.#head === undefined && this.#ending === 'waiting');
    this.#informational.push({ status, reason, headers });
  }

  onHead({ version, status, reason, headers }: ResponseHead): void {
    this.#expect('a head', this.#head === undefined && this.#ending === 'waiting');
    this.#head = { version, status, reason, headers };
  }

  onData(chunk: Uint8Array, start: number, end: number): void {
    const bytes = chunk.subarray(start, end);
    this.#expect('data', this.#head !== undefined && this.#ending === 'waiting' && bytes.length > 0);
    this.#body.push(Buffer.from(bytes).toString('latin1'));
  }

  onComplete(trailers: readonly HeaderPair[]): void {
    this.#expect('the end', this.#head !== undefined && this.#ending === 'waiting');
    this.#ending = 'complete';
    this.#trailers = trailers;
  }

  onFault(error: HttpCoreError): void {
    // A reply that is over stays what it was: bytes after it only cost the connection.
    if (this.#ending === 'complete') {
      this.#expect('a fault after the end', error.code === 'UNSOLICITED_BYTES');
      return;
    }
    this.#expect('a fault', this.#ending === 'waiting');
    this.#ending = 'fault';
    this.#code = error.code;
  }

  outcome(reusable: boolean): ObservedOutcome {
    return {
      informational: this.#informational,
      head: this.#head,
      body: this.#body.join(''),
      trailers: this.#trailers,
      ending: this.#ending,
      code: this.#code,
      reusable,
      violations: this.#violations,
    };
  }

  #expect(what: string, allowed: boolean): void {
    // Not thrown: the engine promises nothing about handlers that throw.
    if (!allowed) this.#violations.push(`${what}, while ${this.#ending}`);
  }
}
