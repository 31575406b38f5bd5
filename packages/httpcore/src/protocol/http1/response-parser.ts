/**
 * From llhttp's spans to response heads, bodies and trailers.
 *
 * llhttp does not limit what it reads, so every limit is kept here: the size of the head, the number of fields, chunk
 * extensions, trailers.
 *
 * What llhttp 9.3 lets pass, or reads otherwise than RFC 9112, is refused or mended here: line ends and control characters in
 * the status line, a Transfer-Encoding whose last coding it does not see to be chunked, or that it forgets because it is empty,
 * `Connection: close` followed by a tab, `close` in a 1xx response, and what its lenient flag opens besides controls in values.
 */
import type { HeaderPair } from '../../contract/values.ts';
import { RemoteProtocolError } from '../../contract/errors.ts';
import { isToken } from '../../model/field-syntax.ts';
import { FieldReader } from './field-reader.ts';
import { HeadFacts } from './head-facts.ts';
import { HeadMender } from './head-mender.ts';
import { Llhttp, llhttpErrno, longestInput, type LlhttpCallbacks } from './llhttp.ts';
import { describeMessage, emptyHead, type ResponseHead } from './response-head.ts';
import { PausedAt, pausedAt, pausedStatus } from './span-recorder.ts';
import { StatusLineCheck } from './status-line.ts';

export interface ResponseLimits {
  /** Bytes of a head, from its first byte to the empty line. */
  readonly maxHeaderBytes: number;
  /** Fields of a head, and of a trailer section. */
  readonly maxHeaderFields: number;
  /** Take what old devices send: see `PoolOptions.lenientHttp1`. */
  readonly lenient: boolean;
}

export interface ResponseParserSink {
  onResponseHead(head: ResponseHead): void;
  /** `chunk[start, end)` is data; only valid during the call. */
  onBodyBytes(chunk: Uint8Array, start: number, end: number): void;
}

/** RFC 9112 §7.1.1 puts no limit on chunk extensions, so we do; curl and hyper chose the same size for trailers. */
export const maxChunkOverhead = 16_384;

const anyStatusLine = Buffer.from('HTTP/1.1 200 OK\r\n', 'latin1');

// RFC 9110 §5.5: what no recipient may let pass, since it ends a value for others.
const notInValue = /[\0\r\n]/;

export class ResponseParser implements LlhttpCallbacks {
  readonly #limits: ResponseLimits;
  readonly #sink: ResponseParserSink;
  readonly #llhttp: Llhttp;
  readonly #statusLine: StatusLineCheck;
  readonly #head = emptyHead();

  #method = 'GET';
  #chunk: Uint8Array = new Uint8Array(0);
  #fault: RemoteProtocolError | null = null;
  #parsing = false;
  #freed = false;

  // The message that is being read.
  #inHead = true;
  /** Holds a head, or a trailer section, back until it is whole and can be mended; `null` where none has to be. */
  #mender: HeadMender | null = null;
  /** What has come of the section in earlier chunks: it may turn out to have a folded line. Mostly one comes whole. */
  #seen: Uint8Array[] | null = null;
  /** Where the trailers that are complete begin, or go on, in the chunk; −1 without any. */
  #trailersStart = -1;
  #complete = false;
  #headBytes = 0;
  /** Bytes of a body that were not data since the last that were: chunk sizes, extensions, trailers. */
  #overhead = 0;
  #accountedTo = 0;

  readonly #fields = new FieldReader((name, value, fact) => this.#addField(name, value, fact));
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
    this.#mender = this.#limits.lenient ? new HeadMender(true) : null;
    this.#seen = null;
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
   * Parses from `start`, at most {@link longestInput} octets and to the end of one message, and returns the offset up to which it got.
   * @throws {RemoteProtocolError} the parser is finished then.
   */
  parse(chunk: Uint8Array, start: number): number {
    if (this.#complete) this.#startMessage();
    const most = Math.min(chunk.length, start + longestInput);
    if (!this.#inHead) return this.#mender === null ? this.#execute(chunk, start, most) : this.#mendTrailers(chunk, start);
    const room = this.#limits.maxHeaderBytes - this.#headBytes;
    if (room === 0) throw this.#headTooLarge();
    // What is wrong within the limit comes before the limit, however the bytes were cut.
    const end = Math.min(most, start + room);
    if (!this.#statusLine.over) this.#statusLine.check(chunk, start, end);
    return this.#mender === null ? this.#execute(chunk, start, end) : this.#mend(this.#mender, chunk, start, end);
  }

  #execute(chunk: Uint8Array, start: number, end: number): number {
    this.#chunk = chunk;
    this.#accountedTo = start;
    const errno = this.#run(chunk, start, end);
    if (this.#freed) {
      // A callback gave the connection up.
      this.#llhttp.free();
      return chunk.length;
    }
    this.#throwFault();
    const { consumed } = this.#llhttp;
    if (errno === llhttpErrno.paused) {
      return this.#complete && this.#hasFoldedTrailers(chunk, consumed) ? this.#mendTrailers(chunk, this.#trailersStart) : consumed;
    }
    if (errno !== llhttpErrno.ok) {
      const section = this.#sectionStart(start);
      if (errno !== llhttpErrno.invalidHeaderToken || !this.#isFolded(chunk, section, consumed)) throw this.#errorOf(errno);
      return this.#inHead ? this.#mend(this.#startMending(), chunk, section, end) : this.#mendTrailers(chunk, section);
    }
    const section = this.#sectionStart(start);
    if (section !== -1 && this.#mender === null) (this.#seen ??= []).push(new Uint8Array(chunk.subarray(section, end)));
    this.#readFields(false);
    if (this.#inHead) this.#countHead(consumed);
    else this.#countOverhead(consumed);
    this.#throwFault();
    return consumed;
  }

  /** Behind a head it goes on with a body that llhttp is to read. */
  #run(chunk: Uint8Array, start: number, end: number): number {
    let from = start;
    for (;;) {
      this.#parsing = true;
      const errno = this.#llhttp.execute(chunk, from, end);
      this.#parsing = false;
      if (errno !== llhttpErrno.paused || this.#freed) return errno;
      const { consumed } = this.#llhttp;
      if (pausedAt() === PausedAt.MESSAGE_END) {
        this.#onMessageComplete();
        return errno;
      }
      if (!this.#onHeadersComplete(pausedStatus()) || this.#freed) return errno;
      this.#llhttp.resume();
      if (consumed === end) return llhttpErrno.ok;
      from = consumed;
    }
  }

  /** Where the head, or the trailer section, begins or goes on in the chunk; −1 where that is not known to have begun. */
  #sectionStart(start: number): number {
    return this.#inHead || this.#seen !== null ? start : this.#fields.start;
  }

  /** Did llhttp stop at, or right behind, the white space that a folded line begins with? Elsewhere in a section it says so of other characters. */
  #isFolded(chunk: Uint8Array, section: number, at: number): boolean {
    if (section === -1 || this.#mender !== null) return false;
    const before = Buffer.concat([...(this.#seen ?? []), chunk.subarray(section, at + 1)]);
    return /\n[\t ]/.test(before.toString('latin1', before.length - 3));
  }

  /** Leniently, llhttp takes folded lines as they are. */
  #hasFoldedTrailers(chunk: Uint8Array, end: number): boolean {
    if (!this.#limits.lenient || this.#mender !== null || this.#trailersStart === -1) return false;
    return /\n[\t ]/.test(Buffer.concat([...(this.#seen ?? []), chunk.subarray(this.#trailersStart, end)]).toString('latin1'));
  }

  /** The section has a folded line: it is read again from its beginning, once all of it is here. */
  #startMending(): HeadMender {
    const mender = new HeadMender(false);
    // Trailers are read again as the fields of a head.
    if (!this.#inHead) mender.add(anyStatusLine, 0, anyStatusLine.length);
    for (const piece of this.#seen ?? []) mender.add(piece, 0, piece.length);
    this.#seen = null;
    this.#mender = mender;
    this.#llhttp.reset();
    this.#complete = false;
    this.#fields.restart();
    this.#pairs = [];
    if (this.#inHead) this.#facts.reset();
    return mender;
  }

  #mend(mender: HeadMender, chunk: Uint8Array, start: number, end: number): number {
    const headEnd = mender.add(chunk, start, end);
    if (headEnd === -1) {
      this.#headBytes += end - start;
      return end;
    }
    const head = mender.mended();
    // It was counted as it came.
    this.#headBytes = 0;
    for (let at = 0; at < head.length && this.#inHead && !this.#freed;) {
      at = this.#execute(head, at, Math.min(head.length, at + longestInput));
    }
    if (this.#freed) return chunk.length;
    if (this.#inHead) throw this.#errorOf(llhttpErrno.invalidHeaderToken);
    return headEnd;
  }

  #mendTrailers(chunk: Uint8Array, start: number): number {
    const mender = this.#mender ?? this.#startMending();
    const sectionEnd = mender.add(chunk, start, chunk.length);
    const end = sectionEnd === -1 ? chunk.length : sectionEnd;
    this.#overhead += end - start;
    if (this.#overhead > maxChunkOverhead) throw trailersTooLarge();
    if (sectionEnd === -1) return end;
    const section = mender.mended();
    this.#execute(section, 0, section.length);
    return this.#freed ? chunk.length : end;
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

  onBody(start: number, end: number): number {
    this.#countOverhead(start);
    if (this.#fault !== null) return llhttpErrno.user;
    this.#overhead = 0;
    this.#accountedTo = end;
    this.#sink.onBodyBytes(this.#chunk, start, end);
    return this.#freed ? llhttpErrno.user : 0;
  }

  // Where llhttp pauses

  /** The head is whole. Is there a body that llhttp is to read? */
  #onHeadersComplete(status: number): boolean {
    this.#readFields(true);
    if (this.#fault !== null) return false;
    // Trailers that were mended end here: no body follows.
    if (!this.#inHead) return this.#skipBody();
    const head = this.#head;
    const { majorVersion, minorVersion } = this.#llhttp;
    if (majorVersion !== 1 || status < 100) {
      this.#refuse('INVALID_RESPONSE', `The response has the version ${majorVersion}.${minorVersion} and the status ${status}`);
      return false;
    }
    head.version = minorVersion === 0 ? '1.0' : '1.1';
    head.status = status;
    head.reason = this.#fields.reason;
    head.headers = this.#pairs;
    const fault = describeMessage(head, this.#facts, this.#method, this.#llhttp);
    if (fault !== null) {
      this.#refuse(fault.code, fault.message);
      return false;
    }
    this.#inHead = false;
    this.#mender = null;
    this.#seen = null;
    this.#pairs = [];
    this.#overhead = 0;
    this.#fields.restart();
    this.#sink.onResponseHead(head);
    // A body of known length is counted by the engine, which spares copying it into llhttp.
    return head.bodyKind === 'chunked' || head.bodyKind === 'until-close' || this.#skipBody();
  }

  /** Nothing more of the message is for llhttp. */
  #skipBody(): false {
    this.#trailersStart = -1;
    this.#complete = true;
    return false;
  }

  #onMessageComplete(): void {
    this.#trailersStart = this.#inHead ? -1 : this.#sectionStart(0);
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

  #addField(name: string, value: string, fact: number): void {
    if (this.#pairs.push([name, value]) > this.#limits.maxHeaderFields) {
      this.#refuse('TOO_MANY_FIELDS', this.#tooMany());
    } else if (this.#limits.lenient && !(isToken(name) && !notInValue.test(value))) {
      const code = this.#inHead ? 'INVALID_RESPONSE' : 'INVALID_CHUNK';
      this.#refuse(code, 'A field of the response has a character that is not allowed in it');
    } else if (this.#inHead) {
      this.#facts.note(fact, value);
    }
  }

  // Limits

  #countHead(offset: number): void {
    this.#headBytes += offset - this.#accountedTo;
    this.#accountedTo = offset;
    // A mended head was counted as it came, and may be longer by a few line ends.
    if (this.#headBytes > this.#limits.maxHeaderBytes && this.#mender === null) this.#fault ??= this.#headTooLarge();
  }

  #headTooLarge(): RemoteProtocolError {
    return new RemoteProtocolError(`The response head is larger than ${this.#limits.maxHeaderBytes} bytes`, { code: 'HEAD_TOO_LARGE' });
  }

  #countOverhead(offset: number): void {
    // What is mended was counted as it came.
    if (this.#head.bodyKind !== 'chunked' || this.#inHead || this.#mender !== null || offset < this.#accountedTo) return;
    const limit = this.#accountedTo + maxChunkOverhead - this.#overhead;
    this.#overhead += offset - this.#accountedTo;
    this.#accountedTo = offset;
    if (this.#overhead <= maxChunkOverhead) return;
    if (this.#pairs.length > 0 || this.#fields.hasFieldBy(limit)) {
      // What is wrong before the limit comes first.
      this.#fields.cut(limit);
      this.#fields.read(this.#chunk, false);
      this.#fault ??= trailersTooLarge();
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
    if (this.#fault === null) this.#countOverhead(this.#llhttp.consumed);
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

function trailersTooLarge(): RemoteProtocolError {
  return new RemoteProtocolError(`The trailers are larger than ${maxChunkOverhead} bytes`, { code: 'TRAILERS_TOO_LARGE' });
}
