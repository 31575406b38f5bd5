/**
 * From llhttp's spans to response heads, bodies and trailers.
 *
 * llhttp does not limit what it reads, so every limit is kept here: the size of the head, the number of fields, chunk
 * extensions, trailers.
 *
 * What llhttp 9.3 lets pass, or reads otherwise than RFC 9112, is refused or mended here: line ends and control characters in
 * the status line, a Transfer-Encoding whose last coding it does not see to be chunked, or that it forgets because it is empty,
 * `Connection: close` followed by a tab, `close` in a 1xx response, and what its lenient flags open besides bare LF and obs-fold.
 */
import type { HeaderPair } from '../../contract/dispatcher.ts';
import { RemoteProtocolError } from '../../contract/errors.ts';
import { isFieldValue, isToken } from '../../model/field-syntax.ts';
import { FieldReader, nameSpan, statusSpan, valueSpan } from './field-reader.ts';
import { responseBodyKind, type ResponseBodyKind } from './framing.ts';
import { HeadFacts } from './head-facts.ts';
import { Llhttp, llhttpErrno, type LlhttpCallbacks } from './llhttp.ts';
import { StatusLineCheck } from './status-line.ts';

export interface ResponseLimits {
  /** Bytes of a head, from its first byte to the empty line. */
  readonly maxHeaderBytes: number;
  /** Fields of a head, and of a trailer section. */
  readonly maxHeaderFields: number;
  /** Accept bare LF and obs-fold in heads. */
  readonly lenient: boolean;
}

/** A parsed head. The same object is filled again for the next response: copy what has to last. */
export interface ResponseHead {
  version: '1.0' | '1.1';
  status: number;
  reason: string;
  headers: readonly HeaderPair[];
  bodyKind: ResponseBodyKind;
  /** Bytes of a `length` body. */
  length: number;
  /** May the connection carry another exchange, as far as this head says? (RFC 9112 §9.3) */
  persistent: boolean;
  /** Milliseconds of `Keep-Alive: timeout`, if the server said. */
  keepAliveTimeout: number | undefined;
}

export interface ResponseParserSink {
  onResponseHead(head: ResponseHead): void;
  /** `chunk[start, end)` is data; only valid during the call. */
  onBodyBytes(chunk: Uint8Array, start: number, end: number): void;
}

/** RFC 9112 §7.1.1 puts no limit on chunk extensions, so we do; curl and hyper chose the same size for trailers. */
export const maxChunkOverhead = 16_384;

export class ResponseParser implements LlhttpCallbacks {
  readonly #limits: ResponseLimits;
  readonly #sink: ResponseParserSink;
  readonly #llhttp: Llhttp;
  readonly #statusLine: StatusLineCheck;
  readonly #head: ResponseHead = {
    version: '1.1',
    status: 0,
    reason: '',
    headers: [],
    bodyKind: 'none',
    length: 0,
    persistent: false,
    keepAliveTimeout: undefined,
  };

  #method = 'GET';
  #chunk: Uint8Array = new Uint8Array(0);
  #fault: RemoteProtocolError | null = null;
  #parsing = false;
  #freed = false;

  // The message that is being read.
  #inHead = true;
  #complete = false;
  #headBytes = 0;
  /** Bytes of a body that were not data since the last that were: chunk sizes, extensions, trailers. */
  #overhead = 0;
  #accountedTo = 0;

  readonly #fields = new FieldReader((name, value) => this.#addField(name, value));
  #pairs: HeaderPair[] = [];

  readonly #facts = new HeadFacts();

  constructor(sink: ResponseParserSink, limits: ResponseLimits) {
    this.#sink = sink;
    this.#limits = limits;
    this.#statusLine = new StatusLineCheck(limits.lenient);
    this.#llhttp = new Llhttp(this, limits.lenient);
  }

  /** A response to a request with this method comes next. */
  expect(method: string): void {
    this.#method = method;
    this.#startMessage();
  }

  #startMessage(): void {
    // Also after a 1xx response: llhttp refuses to go on after one with `close`, or of HTTP/1.0.
    this.#llhttp.reset();
    if (this.#limits.lenient) this.#llhttp.beLenient(true);
    this.#inHead = true;
    this.#complete = false;
    this.#headBytes = 0;
    this.#statusLine.restart();
    this.#overhead = 0;
    this.#fields.restart();
    this.#pairs = [];
    this.#facts.reset();
  }

  /** Has the message that was parsed last come to its end (as far as llhttp reads it)? */
  get complete(): boolean {
    return this.#complete;
  }

  /** The trailer section of a complete chunked message. */
  get trailers(): readonly HeaderPair[] {
    return this.#pairs;
  }

  /**
   * Parses from `start`, at most to the end of one message, and returns the offset up to which it got.
   * @throws {RemoteProtocolError} the parser is finished then.
   */
  parse(chunk: Uint8Array, start: number): number {
    if (this.#complete) this.#startMessage();
    this.#chunk = chunk;
    this.#accountedTo = start;
    this.#fields.beginChunk();
    if (!this.#statusLine.over) this.#statusLine.check(chunk, start);
    this.#parsing = true;
    const errno = this.#llhttp.execute(chunk, start);
    this.#parsing = false;
    if (this.#freed) {
      // A callback gave the connection up.
      this.#llhttp.free();
      return chunk.length;
    }
    this.#throwFault();
    const consumed = errno === llhttpErrno.ok ? chunk.length : this.#llhttp.consumed;
    if (errno === llhttpErrno.paused || errno === llhttpErrno.pausedUpgrade) {
      this.#llhttp.resume();
      return consumed;
    }
    if (errno !== llhttpErrno.ok) throw this.#errorOf(errno);
    this.#readFields(false);
    if (this.#inHead) this.#countHead(consumed);
    else this.#countOverhead(consumed);
    this.#throwFault();
    return consumed;
  }

  /** The peer has ended its direction. Does the body end there? */
  get endsAtClose(): boolean {
    return !this.#inHead && this.#head.bodyKind === 'until-close';
  }

  /** Gives llhttp's memory back. May be called from within `parse`, which then stops. */
  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    if (!this.#parsing) this.#llhttp.free();
  }

  // llhttp's callbacks

  onStatusText(start: number, end: number): number {
    this.#fields.note(statusSpan, start, end);
    return 0;
  }

  onHeaderField(start: number, end: number): number {
    this.#fields.note(nameSpan, start, end);
    return this.#fields.noted > this.#limits.maxHeaderFields * 2 + 4 ? this.#refuse('TOO_MANY_FIELDS', this.#tooMany()) : 0;
  }

  onHeaderValue(start: number, end: number): number {
    this.#fields.note(valueSpan, start, end);
    return 0;
  }

  onHeadersComplete(status: number): number {
    this.#readFields(true);
    if (this.#fault !== null) return llhttpErrno.user;
    const head = this.#head;
    const { contentLength, transferEncoding, close, keepAlive, keepAliveTimeout } = this.#facts;
    const { majorVersion, minorVersion } = this.#llhttp;
    if (majorVersion !== 1 || status < 100) {
      return this.#refuse('INVALID_RESPONSE', `The response has the version ${majorVersion}.${minorVersion} and the status ${status}`);
    }
    head.version = minorVersion === 0 ? '1.0' : '1.1';
    head.status = status;
    head.reason = this.#fields.reason;
    head.headers = this.#pairs;
    head.length = contentLength === undefined ? 0 : Number(contentLength);
    if (!Number.isSafeInteger(head.length))
      return this.#refuse('INVALID_CONTENT_LENGTH', 'The Content-Length of the response is too large');
    head.bodyKind = responseBodyKind(this.#method, status, contentLength === undefined ? undefined : head.length, transferEncoding);
    if (transferEncoding !== undefined && this.#isReadOtherwise(head.bodyKind)) {
      return this.#refuse('CONFLICTING_FRAMING', 'The Transfer-Encoding of the response can be read in two ways');
    }
    // In the framing of chunks llhttp's leniency takes an LF for a CR.
    if (this.#limits.lenient) this.#llhttp.beLenient(false);
    // RFC 9112 §6.1: a transfer coding from an HTTP/1.0 server is taken for faulty framing.
    head.persistent = head.bodyKind !== 'until-close' && !close && (minorVersion === 1 || (keepAlive && transferEncoding === undefined));
    head.keepAliveTimeout = keepAliveTimeout;
    this.#inHead = false;
    this.#pairs = [];
    this.#overhead = 0;
    this.#fields.restart();
    this.#sink.onResponseHead(head);
    if (this.#freed) return llhttpErrno.user;
    if (head.bodyKind === 'tunnel') return 2;
    // A body of known length is counted by the engine, which spares copying it into llhttp.
    return head.bodyKind === 'none' || head.bodyKind === 'length' ? 1 : 0;
  }

  /** llhttp is the one that takes the chunks apart: it and RFC 9112 §6.3 must be of one mind. */
  #isReadOtherwise(bodyKind: ResponseBodyKind): boolean {
    if (this.#facts.hasEmptyTransferEncoding) return true;
    return (bodyKind === 'chunked' || bodyKind === 'until-close') && this.#llhttp.needsEnd !== (bodyKind === 'until-close');
  }

  onBody(start: number, end: number): number {
    this.#countOverhead(start);
    if (this.#fault !== null) return llhttpErrno.user;
    this.#overhead = 0;
    this.#accountedTo = end;
    this.#sink.onBodyBytes(this.#chunk, start, end);
    return this.#freed ? llhttpErrno.user : 0;
  }

  onMessageComplete(): void {
    this.#readFields(true);
    this.#complete = true;
  }

  // Fields

  /** Reads what this chunk brought. With `isComplete`, the head or the trailer section ends here. */
  #readFields(isComplete: boolean): void {
    const { end } = this.#fields;
    if (end !== -1) {
      if (this.#inHead) this.#countHead(end);
      else this.#countOverhead(end);
      this.#accountedTo = end;
    }
    this.#fields.read(this.#chunk, isComplete);
  }

  #addField(name: string, value: string): void {
    if (this.#pairs.push([name, value]) > this.#limits.maxHeaderFields) {
      this.#refuse('TOO_MANY_FIELDS', this.#tooMany());
    } else if (this.#limits.lenient && !(isToken(name) && isFieldValue(value))) {
      this.#refuse('INVALID_RESPONSE', 'A field of the response has a character that is not allowed in it');
    } else if (this.#inHead) {
      this.#facts.note(name, value);
    }
  }

  // Limits

  #countHead(offset: number): void {
    this.#headBytes += offset - this.#accountedTo;
    this.#accountedTo = offset;
    if (this.#headBytes > this.#limits.maxHeaderBytes) {
      this.#refuse('HEAD_TOO_LARGE', `The response head is larger than ${this.#limits.maxHeaderBytes} bytes`);
    }
  }

  #countOverhead(offset: number): void {
    if (this.#head.bodyKind !== 'chunked') return;
    this.#overhead += offset - this.#accountedTo;
    this.#accountedTo = offset;
    if (this.#overhead <= maxChunkOverhead) return;
    if (this.#fields.isWithinField || this.#pairs.length > 0) {
      this.#refuse('TRAILERS_TOO_LARGE', `The trailers are larger than ${maxChunkOverhead} bytes`);
    } else {
      this.#refuse('CHUNK_EXTENSION_TOO_LARGE', `A chunk extension is larger than ${maxChunkOverhead} bytes`);
    }
  }

  #tooMany(): string {
    return `The response has more than ${this.#limits.maxHeaderFields} ${this.#inHead ? 'header' : 'trailer'} fields`;
  }

  // A method, so that the compiler does not take what a callback has set for what it was before.
  #throwFault(): void {
    if (this.#fault !== null) throw this.#fault;
  }

  #refuse(code: string, message: string): number {
    this.#fault ??= new RemoteProtocolError(message, { code });
    return llhttpErrno.user;
  }

  #errorOf(errno: number): RemoteProtocolError {
    const message = `The response is not valid HTTP/1.1: ${this.#llhttp.errorReason}`;
    this.#readFields(false);
    if (this.#fault !== null) return this.#fault;
    switch (errno) {
      case llhttpErrno.unexpectedContentLength:
      case llhttpErrno.invalidTransferEncoding:
        return new RemoteProtocolError(message, { code: 'CONFLICTING_FRAMING' });
      case llhttpErrno.invalidContentLength:
        // llhttp calls any length behind a transfer coding invalid; the fields before it say which of the two it is.
        return new RemoteProtocolError(message, {
          code: this.#inHead && this.#facts.transferEncoding !== undefined ? 'CONFLICTING_FRAMING' : 'INVALID_CONTENT_LENGTH',
        });
      case llhttpErrno.invalidChunkSize:
        return new RemoteProtocolError(message, { code: 'INVALID_CHUNK' });
      default:
        return new RemoteProtocolError(message, {
          code: !this.#inHead && this.#head.bodyKind === 'chunked' ? 'INVALID_CHUNK' : 'INVALID_RESPONSE',
        });
    }
  }
}
