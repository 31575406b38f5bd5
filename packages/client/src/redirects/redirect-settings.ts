/** Whether redirects are followed: what the caller says, what is inherited, and what follows. */
import { InvalidOption } from '../errors.ts';

export interface RedirectOptions {
  /**
   * Follows 301, 302, 303, 307 and 308 (RFC 9110 §15.4). Default `true`. `false` or `null` hands the redirect to the caller,
   * with `response.nextRequest`.
   */
  readonly followRedirects?: boolean | null | undefined;
  /** The most redirects that one call follows; `TooManyRedirects` past it. Default 10. `null` follows none, like `followRedirects: false`. */
  readonly maxRedirects?: number | null | undefined;
}

export interface RedirectSettings {
  readonly follow: boolean;
  /** `null`: none is followed. */
  readonly limit: number | null;
}

export const defaultRedirects: RedirectSettings = Object.freeze({ follow: true, limit: 10 });

/** @throws {InvalidOption} naming the option. */
export function mergeRedirectOptions(inherited: RedirectSettings, own: RedirectOptions): RedirectSettings {
  if (own.followRedirects === undefined && own.maxRedirects === undefined) return inherited;
  return Object.freeze({
    follow: own.followRedirects === undefined ? inherited.follow : readFollow(own.followRedirects),
    limit: own.maxRedirects === undefined ? inherited.limit : readLimit(own.maxRedirects),
  });
}

function readFollow(follow: unknown): boolean {
  if (follow === null) return false;
  if (typeof follow !== 'boolean') throw new InvalidOption('followRedirects', 'must be a boolean');
  return follow;
}

function readLimit(limit: unknown): number | null {
  if (limit === null || limit === Infinity) return limit;
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 0) {
    throw new InvalidOption('maxRedirects', 'must be a whole number, 0 or more, or null to follow none');
  }
  return limit;
}

export function doesFollow({ follow, limit }: RedirectSettings): boolean {
  return follow && limit !== null;
}
