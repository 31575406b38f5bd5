/** The fields of a response, or of its trailers, as they come out of a header block (RFC 9113 §8.1–8.3). */
import type { HeaderPair } from '../../contract/values.ts';
import { FieldKind } from './field-kind.ts';
import type { FieldReceiver } from './hpack/decoder.ts';
import type { HeaderField } from './hpack/header-field.ts';

const statusPattern = /^[1-9]\d\d$/;
const lengthPattern = /^\d{1,15}$/;

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
    else if (!statusPattern.test(value)) this.problem ??= 'a :status that is not three digits';
    else this.status = Number(value);
  }

  #onContentLength(value: string): void {
    // Also where both say the same: of two that look alike one may be read differently elsewhere.
    if (this.contentLength !== -1) this.problem ??= 'more than one Content-Length';
    else if (!lengthPattern.test(value)) this.problem ??= 'an invalid Content-Length';
    else this.contentLength = Number(value);
  }
}
