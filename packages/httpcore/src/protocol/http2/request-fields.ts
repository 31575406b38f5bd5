/** A request, and its trailers, as fields for a header block (RFC 9113 §8.1–8.3, §8.5; RFC 8441 §4). */
import type { HeaderPair } from '../../contract/values.ts';
import { LocalProtocolError } from '../../contract/errors.ts';
import { withoutZone } from '../../model/request-target.ts';
import { FieldKind, trimValue } from './field-kind.ts';
import type { HeaderEncoder } from './hpack/encoder.ts';
import type { NameRecord } from './hpack/encoder-table.ts';

// RFC 9113 §8.3.1: no userinfo; and nothing that would end the authority.
const authorityPattern = /^[^@/?#\\]+$/;
const lengthPattern = /^\d{1,15}$/;
// One of the members of TE, without a weight.
const takesTrailers = /(?:^|,)[\t ]*trailers[\t ]*(?:,|$)/i;
const absoluteForm = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(.*)$/;

/** Puts requests together in an encoder; after a throw there is nothing in it that was sent. */
export class RequestFields {
  readonly #encoder: HeaderEncoder;
  readonly #method: NameRecord;
  readonly #scheme: NameRecord;
  readonly #authority: NameRecord;
  readonly #path: NameRecord;
  readonly #protocol: NameRecord;
  readonly #contentLength: NameRecord;
  readonly #records: NameRecord[] = [];
  /** The names that Connection says are for the connection alone (RFC 9110 §7.6.1), in lower case; mostly there are none. */
  #nominated: readonly string[] | null = null;
  #checkedAuthority = '';
  /** Of the Content-Length of the last request; −1 if it had none. */
  contentLength = -1;

  constructor(encoder: HeaderEncoder) {
    this.#encoder = encoder;
    this.#method = encoder.record(':method');
    this.#scheme = encoder.record(':scheme');
    this.#authority = encoder.record(':authority');
    this.#path = encoder.record(':path');
    this.#protocol = encoder.record(':protocol');
    this.#contentLength = encoder.record('content-length');
  }

  /**
   * @param target of plain CONNECT is the authority to connect to.
   * @param protocol of extended CONNECT (RFC 8441), else `null`.
   * @param addedLength the value of a Content-Length behind the fields, else `null`.
   * @param maxListSize the peer's MAX_HEADER_LIST_SIZE.
   * @throws {LocalProtocolError}
   */
  addRequest(
    method: string,
    scheme: string,
    authority: string,
    target: string,
    protocol: string | null,
    headers: readonly HeaderPair[],
    addedLength: string | null,
    maxListSize: number,
  ): void {
    const encoder = this.#encoder;
    encoder.begin();
    const host = this.#resolveRecords(headers);
    let effectiveScheme = scheme;
    let effectiveAuthority = host ?? authority;
    let path = target;
    const isPlainConnect = method === 'CONNECT' && protocol === null;
    if (isPlainConnect) {
      // RFC 9113 §8.5: where the tunnel is to lead; Host, and the server that is asked, are not that.
      effectiveAuthority = withoutZone(target);
    } else if (target.charCodeAt(0) !== 0x2f && !(target === '*' && method === 'OPTIONS')) {
      // The absolute form (RFC 9112 §3.2.2) says the same as three pseudo-header fields.
      const parts = absoluteForm.exec(target);
      if (parts === null) throw local('INVALID_TARGET', 'The request target must be a path, an absolute URI, or "*" with OPTIONS');
      effectiveScheme = parts[1]!.toLowerCase();
      effectiveAuthority = withoutZone(parts[2]!);
      path = parts[3]!.startsWith('/') ? parts[3]! : `/${parts[3]!}`;
    }
    this.#checkAuthority(effectiveAuthority);
    if (method.length === 0 || !encoder.add(this.#method, method)) throw local('INVALID_METHOD', 'The method is not a token');
    if (!isPlainConnect && !encoder.add(this.#scheme, effectiveScheme)) throw local('INVALID_TARGET', 'The scheme is not valid');
    if (!encoder.add(this.#authority, effectiveAuthority)) throw local('INVALID_HOST', 'The authority is not a host with an optional port');
    if (!isPlainConnect && !encoder.add(this.#path, path)) {
      throw local('INVALID_TARGET', 'The request target must be printable ASCII without spaces');
    }
    if (protocol !== null) {
      if (method !== 'CONNECT') throw local('INVALID_METHOD', 'Only CONNECT can have :protocol');
      if (protocol.length === 0 || !encoder.add(this.#protocol, protocol))
        throw local('INVALID_HEADER_VALUE', 'The value of :protocol is not a token');
    }
    this.contentLength = -1;
    for (let index = 0; index < headers.length; index += 1) {
      const record = this.#records[index]!;
      if (record.kind !== FieldKind.HOST && !this.#isNominated(record.name)) this.#addField(record, headers[index]![1]);
    }
    if (addedLength !== null) this.#addField(this.#contentLength, addedLength);
    this.#checkListSize(maxListSize, 'header list');
  }

  /** @throws {LocalProtocolError} `INVALID_TRAILER`, `INVALID_HEADER_NAME`, `INVALID_HEADER_VALUE` or `HEADER_LIST_TOO_LARGE`. */
  checkTrailers(trailers: readonly HeaderPair[], maxListSize: number): void {
    this.addTrailers(trailers);
    this.#checkListSize(maxListSize, 'trailer section');
    this.#encoder.begin();
  }

  /** @throws {LocalProtocolError} as {@link checkTrailers}, but for the size: what was promised is sent. */
  addTrailers(trailers: readonly HeaderPair[]): void {
    this.#encoder.begin();
    this.#resolveRecords(trailers);
    for (let index = 0; index < trailers.length; index += 1) {
      const record = this.#records[index]!;
      if (record.kind !== FieldKind.ORDINARY) throw local('INVALID_TRAILER', `The field ${show(record.name)} must not be a trailer`);
      this.#addField(record, trailers[index]![1]);
    }
  }

  /** Looks every name up, and returns the value of Host, which travels as `:authority` (RFC 9113 §8.3.1). */
  #resolveRecords(headers: readonly HeaderPair[]): string | null {
    let host: string | null = null;
    this.#nominated = null;
    for (let index = 0; index < headers.length; index += 1) {
      const pair = headers[index]!;
      if (typeof pair[0] !== 'string') throw local('INVALID_HEADER_NAME', `The name of a header must be a string; it is ${typeof pair[0]}`);
      if (typeof pair[1] !== 'string') {
        throw local('INVALID_HEADER_VALUE', `The value of the header ${show(pair[0])} must be a string; it is ${typeof pair[1]}`);
      }
      const record = this.#encoder.record(pair[0]);
      this.#records[index] = record;
      if (record.kind === FieldKind.HOST) {
        if (host !== null) throw local('INVALID_HEADER_NAME', 'The request has more than one Host');
        host = trimValue(pair[1]);
      } else if (record.kind === FieldKind.CONNECTION_SPECIFIC && record.name === 'connection') {
        // TE is nominated wherever it is given (RFC 9110 §10.1.4), and means something here.
        const names = pair[1]
          .split(',')
          .map((name) => name.trim().toLowerCase())
          .filter((name) => name !== 'te');
        this.#nominated = this.#nominated === null ? names : [...this.#nominated, ...names];
      }
    }
    return host;
  }

  #isNominated(name: string): boolean {
    return this.#nominated !== null && this.#nominated.includes(name);
  }

  /** RFC 9113 §8.2.2: what is said about a connection of HTTP/1.1 means nothing here, and is left out. */
  #addField(record: NameRecord, given: string): void {
    let value = trimValue(given);
    switch (record.kind) {
      case FieldKind.ORDINARY:
        break;
      case FieldKind.CONTENT_LENGTH:
        if (this.contentLength !== -1) throw local('INVALID_FRAMING', 'The request has more than one Content-Length');
        if (!lengthPattern.test(value)) throw local('INVALID_FRAMING', 'Content-Length must be a number of octets');
        this.contentLength = Number(value);
        break;
      case FieldKind.TE:
        if (!takesTrailers.test(value)) return;
        value = 'trailers';
        break;
      case FieldKind.CONNECTION_SPECIFIC:
        // Any other coding changes the bytes, and there is no other way to say so.
        if (record.name !== 'transfer-encoding' || value.toLowerCase() === 'chunked') return;
        throw local('INVALID_FRAMING', "Transfer codings other than chunked can't be sent over HTTP/2; use Content-Encoding");
      default:
        throw local('INVALID_HEADER_NAME', `The header name ${show(record.name)} is not a token`);
    }
    if (!this.#encoder.add(record, value)) {
      throw local(
        'INVALID_HEADER_VALUE',
        `The value of the header ${show(record.name)} has a character that is not allowed in a field value`,
      );
    }
  }

  /** RFC 9113 §10.5.1: a peer may refuse what is larger, and many end the connection over it, and with it every other stream. */
  #checkListSize(most: number, what: string): void {
    const size = this.#encoder.listSize;
    if (size <= most) return;
    this.#encoder.begin();
    throw local('HEADER_LIST_TOO_LARGE', `The request has a ${what} of ${size} octets, and the server accepts at most ${most}`);
  }

  #checkAuthority(authority: string): void {
    if (authority === this.#checkedAuthority && authority !== '') return;
    if (!authorityPattern.test(authority)) throw local('INVALID_HOST', 'The authority is not a host with an optional port');
    this.#checkedAuthority = authority;
  }
}

function show(name: string): string {
  return JSON.stringify(name.slice(0, 60));
}

function local(code: string, message: string): LocalProtocolError {
  return new LocalProtocolError(message, { code, phase: 'request' });
}
