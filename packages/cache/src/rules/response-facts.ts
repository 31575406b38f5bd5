/** What of a response's fields counts for a cache, found in one pass: each response that is stored pays for it. */
import type { HeaderPair } from '@x/httpcore';

import { isNeverStored } from './fields.ts';

/** Values as they came, several lines joined by commas; `undefined` where there is no such field. */
export interface ResponseFacts {
  readonly age: string | undefined;
  readonly cacheControl: string | undefined;
  readonly connection: string | undefined;
  readonly contentLength: string | undefined;
  readonly contentRange: string | undefined;
  readonly date: string | undefined;
  readonly etag: string | undefined;
  readonly expires: string | undefined;
  readonly lastModified: string | undefined;
  readonly vary: string | undefined;
  readonly setsCookie: boolean;
  /** Is there a field that is never kept, such as `Connection`? */
  readonly hasNeverStored: boolean;
}

type Facts = { -readonly [Name in keyof ResponseFacts]: ResponseFacts[Name] };

export function responseFacts(headers: readonly HeaderPair[]): ResponseFacts {
  const facts: Facts = {
    age: undefined,
    cacheControl: undefined,
    connection: undefined,
    contentLength: undefined,
    contentRange: undefined,
    date: undefined,
    etag: undefined,
    expires: undefined,
    lastModified: undefined,
    vary: undefined,
    setsCookie: false,
    hasNeverStored: false,
  };
  for (let at = 0; at < headers.length; at += 1) {
    const pair = headers[at]!;
    add(facts, pair[0], pair[1]);
  }
  return facts;
}

/** By length first: most fields count for nothing, and are not even written small. */
function add(facts: Facts, name: string, value: string): void {
  switch (name.length) {
    case 3:
      if (isNamed(name, 'Age', 'age')) facts.age = joined(facts.age, value);
      return;
    case 4:
      if (isNamed(name, 'Date', 'date')) facts.date = joined(facts.date, value);
      else if (isNamed(name, 'ETag', 'etag')) facts.etag = joined(facts.etag, value);
      else if (isNamed(name, 'Vary', 'vary')) facts.vary = joined(facts.vary, value);
      return;
    case 7:
      if (isNamed(name, 'Expires', 'expires')) facts.expires = joined(facts.expires, value);
      else facts.hasNeverStored ||= isNeverStored(name);
      return;
    case 10:
      if (isNamed(name, 'Connection', 'connection')) {
        facts.connection = joined(facts.connection, value);
        facts.hasNeverStored = true;
      } else if (isNamed(name, 'Set-Cookie', 'set-cookie')) facts.setsCookie = true;
      else facts.hasNeverStored ||= isNeverStored(name);
      return;
    case 13:
      if (isNamed(name, 'Cache-Control', 'cache-control')) facts.cacheControl = joined(facts.cacheControl, value);
      else if (isNamed(name, 'Last-Modified', 'last-modified')) facts.lastModified = joined(facts.lastModified, value);
      else if (isNamed(name, 'Content-Range', 'content-range')) facts.contentRange = joined(facts.contentRange, value);
      return;
    case 14:
      if (isNamed(name, 'Content-Length', 'content-length')) facts.contentLength = joined(facts.contentLength, value);
      return;
    case 2:
    case 16:
    case 17:
    case 18:
    case 19:
    case 25:
      facts.hasNeverStored ||= isNeverStored(name);
  }
}

function isNamed(name: string, usual: string, small: string): boolean {
  return name === usual || name === small || name.toLowerCase() === small;
}

function joined(value: string | undefined, line: string): string {
  return value === undefined ? line : `${value}, ${line}`;
}
