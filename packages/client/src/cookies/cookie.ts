import { showAsJson } from '../shown-as-json.ts';
import type { SameSite } from './set-cookie.ts';

/** The last moment that a `Date` can show. */
const endOfTime = 8_640_000_000_000_000;

/** What a cookie consists of (RFC 6265bis §5.6). */
export interface CookieFields {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly path: string;
  readonly hostOnly: boolean;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: SameSite | undefined;
  readonly expiresAt: number | undefined;
  readonly createdAt: number;
}

/** A cookie in a jar. It never changes; a server that sets it again puts another one in its place. */
export class Cookie implements CookieFields {
  static {
    showAsJson(this.prototype, 'Cookie');
  }

  /** Empty for a cookie that is a value alone. */
  readonly name: string;
  /** As on the wire: each character is one octet, and nothing is decoded. */
  readonly value: string;
  /** Without a leading dot. */
  readonly domain: string;
  readonly path: string;
  /** Is it for this host alone, and not for the hosts below it? */
  readonly hostOnly: boolean;
  /** Is it for secure connections alone? */
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** Kept for whoever reads the jar. Each call is a navigation of its own, so every cookie goes along (RFC 6265bis §5.2). */
  readonly sameSite: SameSite | undefined;
  /** Milliseconds of `Date.now()`; `undefined` for a session cookie. */
  readonly expiresAt: number | undefined;
  /** When a cookie of this name, domain and path was first set. */
  readonly createdAt: number;
  /** @internal Decides who goes when the jar is full. */
  usedAt: number;
  /** @internal Its place among all that the jar ever had: a clock does not tell the cookies of one response apart. */
  readonly order: number;

  /** @internal */
  constructor(fields: CookieFields, usedAt: number, order: number) {
    this.name = fields.name;
    this.value = fields.value;
    this.domain = fields.domain;
    this.path = fields.path;
    this.hostOnly = fields.hostOnly;
    this.secure = fields.secure;
    this.httpOnly = fields.httpOnly;
    this.sameSite = fields.sameSite;
    this.expiresAt = fields.expiresAt;
    this.createdAt = fields.createdAt;
    this.usedAt = usedAt;
    this.order = order;
  }

  /** For logs: without its value. `jar.serialize()` has everything. */
  toJSON(): Record<string, unknown> {
    const { name, domain, path, hostOnly, secure, httpOnly, sameSite, expiresAt } = this;
    const expires = expiresAt === undefined ? undefined : new Date(expiresAt).toISOString();
    // A cookie without a name has its secret where the name would be, so the name is all that may be shown.
    return { name, value: '[redacted]', domain, path, hostOnly, secure, httpOnly, sameSite, expires };
  }
}

/** An expiry from a file, which may say anything, as one that can be shown and written. */
export function possibleTime(milliseconds: number): number {
  return Math.min(Math.max(milliseconds, 0), endOfTime);
}
