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

  /** Looks at the length of the name first: most fields say nothing of this. */
  note(name: string, value: string): void {
    switch (name.length) {
      case 10:
        if (isNamed(name, 'connection')) this.#noteConnection(value);
        else if (isNamed(name, 'keep-alive')) this.keepAliveTimeout = keepAliveTimeoutOf(value);
        break;
      case 14:
        if (isNamed(name, 'content-length')) this.contentLength = value;
        break;
      case 17:
        if (isNamed(name, 'transfer-encoding')) {
          this.transferEncoding = this.transferEncoding === undefined ? value : `${this.transferEncoding}, ${value}`;
          if (value === '') this.hasEmptyTransferEncoding = true;
        }
        break;
      default:
    }
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

/**
 * Is it this name, which is as long, in whatever case? Letter by letter: a name of 13 letters and more is a part of the head's text, and comparing
 * such a string takes ten times as long.
 */
function isNamed(name: string, lowerCase: string): boolean {
  for (let index = 0; index < lowerCase.length; index += 1) {
    const code = name.charCodeAt(index);
    const wanted = lowerCase.charCodeAt(index);
    if (code !== wanted && !(code + 0x20 === wanted && code >= 0x41 && code <= 0x5a)) return false;
  }
  return true;
}

// A server says the same on every response.
let lastKeepAlive = '';
let lastKeepAliveTimeout: number | undefined;

/** Milliseconds of `timeout=5, max=100`; `undefined` if it has none. */
function keepAliveTimeoutOf(value: string): number | undefined {
  if (value === lastKeepAlive) return lastKeepAliveTimeout;
  const seconds = /(?:^|[,;\t ])timeout[\t ]*=[\t ]*"?(\d{1,6})/i.exec(value)?.[1];
  lastKeepAlive = value;
  lastKeepAliveTimeout = seconds === undefined ? undefined : Number(seconds) * 1_000;
  return lastKeepAliveTimeout;
}
