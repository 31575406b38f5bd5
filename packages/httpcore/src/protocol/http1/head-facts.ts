/** What the name of a field says that its value is about. */
export const Fact = { NONE: 0, CONNECTION: 1, KEEP_ALIVE: 2, CONTENT_LENGTH: 3, TRANSFER_ENCODING: 4 } as const;

export function factOf(name: string): number {
  switch (name.toLowerCase()) {
    case 'connection':
      return Fact.CONNECTION;
    case 'keep-alive':
      return Fact.KEEP_ALIVE;
    case 'content-length':
      return Fact.CONTENT_LENGTH;
    case 'transfer-encoding':
      return Fact.TRANSFER_ENCODING;
    default:
      return Fact.NONE;
  }
}

/** What the fields of a head say about framing and persistence, noted while they are read (RFC 9112 §6, §9.3). */
export class HeadFacts {
  contentLength: string | undefined = undefined;
  transferEncoding: string | undefined = undefined;
  /** There is a Transfer-Encoding without any coding. */
  hasEmptyTransferEncoding = false;
  close = false;
  keepAlive = false;
  /** Milliseconds of `Keep-Alive: timeout`. */
  keepAliveTimeout: number | undefined = undefined;

  reset(): void {
    this.contentLength = undefined;
    this.transferEncoding = undefined;
    this.hasEmptyTransferEncoding = false;
    this.close = false;
    this.keepAlive = false;
    this.keepAliveTimeout = undefined;
  }

  /** `fact` is {@link factOf} the name. */
  note(fact: number, value: string): void {
    switch (fact) {
      case Fact.CONNECTION:
        this.#noteConnection(value);
        break;
      case Fact.KEEP_ALIVE:
        this.#noteKeepAlive(value);
        break;
      case Fact.CONTENT_LENGTH:
        this.contentLength = value;
        break;
      case Fact.TRANSFER_ENCODING:
        this.transferEncoding = this.transferEncoding === undefined ? value : `${this.transferEncoding}, ${value}`;
        if (value === '') this.hasEmptyTransferEncoding = true;
        break;
      default:
    }
  }

  #noteKeepAlive(value: string): void {
    readKeepAlive(value);
    this.keepAliveTimeout = lastKeepAliveTimeout;
    // It takes no request after this one, as if it had said so in Connection.
    if (lastTakesNoMore) this.close = true;
  }

  #noteConnection(value: string): void {
    if (value === 'keep-alive') {
      this.keepAlive = true;
      return;
    }
    for (const option of value.toLowerCase().split(',')) {
      // `trim` takes the tab away that hides `close` from llhttp.
      const token = option.trim();
      if (token === 'close') this.close = true;
      else if (token === 'keep-alive') this.keepAlive = true;
    }
  }
}

// A server says the same on every response.
let lastKeepAlive = '';
let lastKeepAliveTimeout: number | undefined;
let lastTakesNoMore = false;

/** Reads `timeout=5, max=100` into the above: seconds, and how many requests the connection still takes. */
function readKeepAlive(value: string): void {
  if (value === lastKeepAlive) return;
  const seconds = /(?:^|[,;\t ])timeout[\t ]*=[\t ]*"?(\d{1,6})/i.exec(value)?.[1];
  lastKeepAlive = value;
  lastKeepAliveTimeout = seconds === undefined ? undefined : Number(seconds) * 1_000;
  lastTakesNoMore = /(?:^|[,;\t ])max[\t ]*=[\t ]*"?0+"?(?:$|[,;\t ])/i.test(value);
}
