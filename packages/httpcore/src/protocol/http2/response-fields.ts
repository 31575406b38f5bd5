/** The fields of a response, or of its trailers, as they come out of a header block (RFC 9113 §8.1–8.3). */
import type { HeaderPair } from '../../contract/values.ts';
import { FieldKind } from './field-kind.ts';
import type { FieldReceiver } from './hpack/decoder.ts';
import type { HeaderField } from './hpack/header-field.ts';

const longestLength = 15;

/** Takes the fields of one block after the other. What is malformed is remembered, since the block must be decoded to its end. */
export class ResponseFields implements FieldReceiver {
  /** 0 until there is one. */
  status = 0;
  headers: HeaderPair[] = [];
  /** Of Content-Length; −1 if there is none. */
  contentLength = -1;
  /** Why it is malformed: completes "The peer sent …". */
  problem: string | null = null;
  #isTrailers = false;

  begin(isTrailers: boolean): void {
    this.status = 0;
    // A new array each time: it is given away.
    this.headers = [];
    this.contentLength = -1;
    this.problem = null;
    this.#isTrailers = isTrailers;
  }

  /** The block is over: a response must have had its status. */
  finish(): void {
    if (this.status === 0 && !this.#isTrailers) this.problem ??= 'a response without :status';
  }

  onField(field: HeaderField, isShared: boolean): void {
    if (!field.hasValidValue) {
      this.problem ??= 'a field value with characters that are not allowed';
      return;
    }
    switch (field.kind) {
      case FieldKind.ORDINARY:
      case FieldKind.HOST:
        break;
      case FieldKind.STATUS:
        this.#onStatus(field.value);
        return;
      case FieldKind.CONTENT_LENGTH:
        if (!this.#isTrailers) this.#onContentLength(field.value);
        break;
      case FieldKind.INVALID:
        this.problem ??= 'a field name that is not a token in lower case';
        return;
      case FieldKind.TE:
        if (field.value.toLowerCase() !== 'trailers') this.problem ??= 'TE with another value than "trailers"';
        break;
      case FieldKind.CONNECTION_SPECIFIC:
        this.problem ??= `the field ${field.name}, which is for HTTP/1.1 connections`;
        return;
      default:
        this.problem ??= 'a pseudo-header field that no response has';
        return;
    }
    this.headers.push(isShared ? field.sharedPair : [field.name, field.value]);
  }

  #onStatus(value: string): void {
    if (this.#isTrailers) this.problem ??= 'a pseudo-header field in trailers';
    else if (this.status !== 0) this.problem ??= 'more than one :status';
    else if (this.headers.length > 0) this.problem ??= ':status after other fields';
    else if ((this.status = statusOf(value)) === 0) this.problem ??= 'a :status that is not three digits';
  }

  #onContentLength(value: string): void {
    // Also where both say the same: of two that look alike one may be read differently elsewhere.
    if (this.contentLength !== -1) this.problem ??= 'more than one Content-Length';
    else if ((this.contentLength = lengthOf(value)) === -1) this.problem ??= 'an invalid Content-Length';
  }
}

/** Of three digits; else 0. */
function statusOf(value: string): number {
  const number = value.length === 3 ? lengthOf(value) : 0;
  return number < 100 ? 0 : number;
}

/** By hand: a regular expression takes as long as the rest of the field. −1 where it is no number, or too long for one. */
function lengthOf(value: string): number {
  if (value.length === 0 || value.length > longestLength) return -1;
  let number = 0;
  for (let index = 0; index < value.length; index += 1) {
    const digit = value.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}
