/** Whether redirects are followed: what the caller says, what is inherited, and what follows. */
import { boolean, count } from '../options/checks.ts';

export interface RedirectOptions {
  /**
   * Follows 301, 302, 303, 307 and 308 (RFC 9110 §15.4). Default `true`. `false` or `null` hands the redirect to the caller,
   * with `response.nextRequest`.
   */
  readonly followRedirects?: boolean | null | undefined;
  /** The most redirects that one call follows; `TooManyRedirects` past it. Default 10. `null` follows none, like `followRedirects: false`. */
  readonly maxRedirects?: number | null | undefined;
  /**
   * Follows redirects from https to http, too, on which everybody can read along; what is bound to an origin is left behind, as on any
   * change of it. Default `false`: `RedirectError` (`INSECURE_REDIRECT`).
   */
  readonly allowDowngrade?: boolean | null | undefined;
}

export interface RedirectSettings {
  readonly follow: boolean;
  /** `null`: none is followed. */
  readonly limit: number | null;
  readonly allowDowngrade: boolean;
}

export const defaultRedirects: RedirectSettings = Object.freeze({ follow: true, limit: 10, allowDowngrade: false });

/** @throws {InvalidOption} naming the option. */
export function mergeRedirectOptions(inherited: RedirectSettings, own: RedirectOptions): RedirectSettings {
  if (own.followRedirects === undefined && own.maxRedirects === undefined && own.allowDowngrade === undefined) return inherited;
  return Object.freeze({
    follow: own.followRedirects === undefined ? inherited.follow : readFlag('followRedirects', own.followRedirects),
    limit: own.maxRedirects === undefined ? inherited.limit : readLimit(own.maxRedirects),
    allowDowngrade: own.allowDowngrade === undefined ? inherited.allowDowngrade : readFlag('allowDowngrade', own.allowDowngrade),
  });
}

function readFlag(option: string, value: unknown): boolean {
  return value !== null && boolean(option, value);
}

function readLimit(limit: unknown): number | null {
  if (limit === null || limit === Infinity) return limit;
  return count('maxRedirects', limit, { least: 0, or: 'null to follow none' });
}

export function doesFollow({ follow, limit }: RedirectSettings): boolean {
  return follow && limit !== null;
}
