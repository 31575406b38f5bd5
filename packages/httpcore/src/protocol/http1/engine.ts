/**
 * One HTTP/1.1 connection, client side, without I/O (RFC 9112).
 *
 * Two machines run side by side, one per direction, and an exchange is over when both are `done`:
 *
 *   request    idle ──begin──▶ body ──end──▶ done ──▶ idle
 *   response   idle ──expect─▶ head ──head─▶ body ──end──▶ done ──▶ idle
 *                                  └─tunnel─▶ tunnel
 *
 * The tables below are the only places where a state follows from another. `dead` is final for both: after an error, or a
 * response that lets nothing follow, nothing may be sent or received any more.
 *
 * The response may run ahead of the request (an early answer, a full-duplex exchange): then the request machine is still in
 * `body` when the response machine is `done`, and it is for the connection to give up the rest.
 */
import type { HeaderPair } from '../../contract/values.ts';
import { LocalProtocolError, ReadError, RemoteProtocolError, type HttpCoreError } from '../../contract/errors.ts';
import type { RequestFraming } from '../../model/request-framing.ts';
import { StateMachine } from '../../model/state-machine.ts';
import type { ByteSink } from '../byte-sink.ts';
import { encodeChunkHead, encodeLastChunk, encodeRequestHead } from './encoder.ts';
import type { ResponseHead } from './response-head.ts';
import { ResponseParser, type ResponseLimits, type ResponseParserSink } from './response-parser.ts';

type RequestState = 'idle' | 'body' | 'done' | 'dead';
type RequestEvent = 'begin' | 'data' | 'end' | 'next' | 'fault';
type ResponseState = 'idle' | 'head' | 'body' | 'done' | 'tunnel' | 'dead';
type ResponseEvent = 'expect' | 'informational' | 'head' | 'tunnel' | 'end' | 'next' | 'fault';

const requests = new StateMachine<RequestState, RequestEvent>('HTTP/1.1 request', {
  idle: { begin: 'body', fault: 'dead' },
  body: { data: 'body', end: 'done', fault: 'dead' },
  done: { next: 'idle', fault: 'dead' },
  dead: { fault: 'dead' },
});
const requestIn = requests.states;
const onRequest = requests.events;

const responses = new StateMachine<ResponseState, ResponseEvent>('HTTP/1.1 response', {
  idle: { expect: 'head', fault: 'dead' },
  head: { informational: 'head', head: 'body', tunnel: 'tunnel', fault: 'dead' },
  body: { end: 'done', fault: 'dead' },
  done: { next: 'idle', fault: 'dead' },
  tunnel: { end: 'done', fault: 'dead' },
  dead: { fault: 'dead' },
});
const responseIn = responses.states;
const onResponse = responses.events;

/** A server can send any number of 1xx responses, and each is work without progress; browsers and Go stop long before. */
const maxInformational = 64;

export interface Http1Handler {
  onInformational(status: number, reason: string, headers: readonly HeaderPair[]): void;
  /** The final head. `head` is only valid during the call. */
  onHead(head: ResponseHead): void;
  /** `chunk[start, end)` is a piece of the body, or of a tunnel; only valid during the call. */
  onData(chunk: Uint8Array, start: number, end: number): void;
  /** The response is complete. {@link Http1Engine.reusable} says whether another exchange can follow. */
  onComplete(trailers: readonly HeaderPair[]): void;
  /** The peer broke the protocol, or left in mid-message. The engine is finished. */
  onFault(error: HttpCoreError): void;
}

export class Http1Engine implements ResponseParserSink {
  readonly #sink: ByteSink;
  readonly #handler: Http1Handler;
  readonly #parser: ResponseParser;

  #request: number = requestIn.idle;
  #framing: RequestFraming | null = null;
  #sent = 0;

  /** Has any byte come that can belong to the response? */
  responseStarted = false;
  /** Is another request written behind this one (pipelining)? Then what comes behind the response is for who reads that one's. */
  isFollowed = false;

  #response: number = responseIn.idle;
  #persistent = true;
  #mayUpgrade = false;
  #informational = 0;
  /** A response without a body has said that it has one. */
  #mayGetMore = false;
  /** Why the head that was just parsed can't be accepted; told once the parser has returned. */
  #refused: RemoteProtocolError | null = null;
  /** Bytes that are still to come of a body of known length. */
  #remaining = 0;

  constructor(sink: ByteSink, handler: Http1Handler, limits: ResponseLimits) {
    this.#sink = sink;
    this.#handler = handler;
    this.#parser = new ResponseParser(this, limits);
  }

  /** Both directions of the last exchange are complete and the connection may carry another. */
  get reusable(): boolean {
    return this.#request === requestIn.idle && this.#response === responseIn.idle && this.#persistent;
  }

  /** Octets that are still to come of the response's body; −1 where that is not known. */
  get remaining(): number {
    return this.#response === responseIn.body && this.#parser.complete ? this.#remaining : -1;
  }

  // Sending

  /** Writes the head of a request. The method, target, fields and framing have been checked. */
  begin(method: string, target: string, authority: string, headers: readonly HeaderPair[], framing: RequestFraming): void {
    this.#moveRequest(onRequest.begin);
    this.#moveResponse(onResponse.expect);
    this.#framing = framing;
    this.#sent = 0;
    this.#informational = 0;
    this.#mayGetMore = false;
    this.#remaining = 0;
    this.responseStarted = false;
    this.isFollowed = false;
    this.#mayUpgrade = method === 'CONNECT' || asksForUpgrade(headers);
    this.#parser.expect(method);
    this.#sink.write(encodeRequestHead(method, target, authority, headers, framing.fieldLine));
  }

  /**
   * Writes a piece of the body, or of a tunnel. Returns false when the sink is full.
   * @throws {LocalProtocolError} `CONTENT_LENGTH_MISMATCH`: more than was announced. The bytes are not written.
   */
  sendData(chunk: Uint8Array): boolean {
    // The rest of the request goes before what is said in the new protocol (RFC 9110 §7.8).
    if (this.#response === responseIn.tunnel && this.#request !== requestIn.body) return this.#sink.write(chunk);
    this.#moveRequest(onRequest.data);
    // An empty chunk would end a chunked body.
    if (chunk.length === 0) return true;
    const { length, chunked } = this.#framing!;
    this.#sent += chunk.length;
    if (chunked) {
      this.#sink.write(encodeChunkHead(chunk.length));
      this.#sink.write(chunk);
      return this.#sink.write('\r\n');
    }
    if (this.#sent > length!) throw mismatch(`more than the ${length} bytes that were announced`);
    return this.#sink.write(chunk);
  }

  /**
   * Ends the body.
   * @throws {LocalProtocolError} `CONTENT_LENGTH_MISMATCH`: less than was announced.
   */
  sendEnd(trailers: readonly HeaderPair[] | null): void {
    const { length, chunked } = this.#framing!;
    if (!chunked && this.#sent < length!) throw mismatch(`${this.#sent} of the ${length} bytes that were announced`);
    this.#moveRequest(onRequest.end);
    if (chunked) this.#sink.write(encodeLastChunk(trailers));
    if (this.#response === responseIn.done) this.#next();
  }

  // Receiving

  /**
   * Takes bytes from the peer, from `start` on. Never re-entered; never throws. Returns where those begin that are not its own: behind the
   * response of a request that {@link isFollowed}, else at the end.
   */
  receive(chunk: Uint8Array, start = 0): number {
    if (chunk.length > start) this.responseStarted = true;
    let at = start;
    while (at < chunk.length) {
      switch (this.#response) {
        case responseIn.tunnel:
          this.#handler.onData(chunk, at, chunk.length);
          return chunk.length;
        case responseIn.idle:
        case responseIn.done:
          // Something was read, so the response has ended just now.
          if (this.isFollowed && at > start) return at;
          this.#fault(unsolicitedBytes());
          return chunk.length;
        case responseIn.dead:
          return chunk.length;
        default:
          at = this.#remaining > 0 ? this.#receiveCounted(chunk, at) : this.#receiveParsed(chunk, at);
      }
    }
    return chunk.length;
  }

  #receiveCounted(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#remaining);
    this.#remaining -= end - at;
    this.#handler.onData(chunk, at, end);
    if (this.#remaining === 0 && this.#response === responseIn.body) this.#endResponse([], end < chunk.length);
    return end;
  }

  #receiveParsed(chunk: Uint8Array, at: number): number {
    let end: number;
    try {
      end = this.#parser.parse(chunk, at);
    } catch (error) {
      this.#fault(error as HttpCoreError);
      return chunk.length;
    }
    if (this.#refused !== null) {
      this.#fault(this.#refused);
      return chunk.length;
    }
    // A counted body goes on in #receiveCounted; a 1xx response left the machine in `head`.
    if (this.#response === responseIn.body && this.#parser.complete && this.#remaining === 0) {
      this.#endResponse(this.#parser.trailers, end < chunk.length);
    }
    return end;
  }

  /** The peer has ended its direction. */
  receiveEnd(): void {
    switch (this.#response) {
      case responseIn.tunnel:
        this.#persistent = false;
        this.#endResponse([], false);
        return;
      case responseIn.body:
        if (this.#parser.endsAtClose) this.#endResponse([], false);
        else
          this.#fault(
            new RemoteProtocolError('The connection was closed before the end of the response body', { code: 'INCOMPLETE_BODY' }),
          );
        return;
      case responseIn.head:
        if (this.responseStarted) {
          this.#fault(new RemoteProtocolError('The connection was closed in the middle of the response head', { code: 'INCOMPLETE_HEAD' }));
        } else {
          this.#fault(new ReadError('The server closed the connection before it answered', { code: 'CONNECTION_CLOSED' }));
        }
        return;
      default:
        this.stop();
    }
  }

  /** Nothing follows: the connection is gone, or was given up. */
  stop(): void {
    this.#moveRequest(onRequest.fault);
    this.#moveResponse(onResponse.fault);
    this.#persistent = false;
    this.#parser.free();
  }

  // From the parser

  onResponseHead(head: ResponseHead): void {
    if (head.status < 200 && head.status !== 101) {
      this.#moveResponse(onResponse.informational);
      this.#informational += 1;
      this.#mayGetMore ||= head.announcesMore;
      if (this.#informational <= maxInformational) {
        this.#handler.onInformational(head.status, head.reason, head.headers);
      } else {
        this.#refused = new RemoteProtocolError(`The server sent more than ${maxInformational} informational responses`, {
          code: 'TOO_MANY_INFORMATIONAL',
        });
      }
      return;
    }
    if (head.status === 101 && !this.#mayUpgrade) {
      this.#refused = new RemoteProtocolError('The server switched protocols without having been asked to', { code: 'UNEXPECTED_UPGRADE' });
      return;
    }
    this.#persistent = head.persistent && !this.#mayGetMore;
    if (head.bodyKind === 'tunnel') {
      this.#persistent = false;
      this.#moveResponse(onResponse.tunnel);
    } else {
      this.#moveResponse(onResponse.head);
      if (head.bodyKind === 'length') this.#remaining = head.length;
    }
    this.#handler.onHead(head);
  }

  onBodyBytes(chunk: Uint8Array, start: number, end: number): void {
    this.#handler.onData(chunk, start, end);
  }

  // Moving

  #endResponse(trailers: readonly HeaderPair[], moreFollows: boolean): void {
    this.#moveResponse(onResponse.end);
    // What follows a complete response can only be for a request that was never made.
    if (moreFollows && !this.isFollowed) this.#persistent = false;
    if (this.#request === requestIn.done) this.#next();
    this.#handler.onComplete(trailers);
  }

  #next(): void {
    this.#moveRequest(onRequest.next);
    this.#moveResponse(onResponse.next);
  }

  #fault(error: HttpCoreError): void {
    this.stop();
    this.#handler.onFault(error);
  }

  #moveRequest(event: number): void {
    this.#request = requests.after(this.#request, event);
  }

  #moveResponse(event: number): void {
    this.#response = responses.after(this.#response, event);
  }
}

/** What comes where nothing is waited for. */
export function unsolicitedBytes(): RemoteProtocolError {
  return new RemoteProtocolError('The server sent bytes that nobody asked for', { code: 'UNSOLICITED_BYTES' });
}

function asksForUpgrade(headers: readonly HeaderPair[]): boolean {
  for (let index = 0; index < headers.length; index += 1) {
    const name = headers[index]![0];
    if (name.length === 7 && name.toLowerCase() === 'upgrade') return true;
  }
  return false;
}

function mismatch(what: string): LocalProtocolError {
  return new LocalProtocolError(`The request body has ${what}`, { code: 'CONTENT_LENGTH_MISMATCH', phase: 'send' });
}
