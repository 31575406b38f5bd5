/** Whether redirects are followed: what the caller says, what is inherited, and what follows. */
import { InvalidOption } from '../errors.ts';
import { boolean, count } from '../options/checks.ts';
import type { CallContext } from '../call/context.ts';
import type { Request } from '../request/request.ts';
import type { AnyResponse } from '../response/any-response.ts';

/** Which redirects are followed, and how many (RFC 9110 §15.4). */
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
  /**
   * Told of each redirect before it is followed; that of a call takes the place of the client's.
   * @example
   * const client = new Client({ onRedirect: ({ response, request }) => log.info(`${response.status} to ${request.url}`) });
   */
  readonly onRedirect?: RedirectHook | null | undefined;
}

/** A redirect that is about to be followed. */
export interface RedirectEvent {
  /** What will be sent. */
  readonly request: Request;
  /** The redirect. Its body is not to be read. */
  readonly response: AnyResponse;
}

/** What it throws, or rejects with, ends the call. */
export type RedirectHook = (event: RedirectEvent, context: CallContext) => void | Promise<void>;

export interface RedirectSettings {
  readonly follow: boolean;
  /** `null`: none is followed. */
  readonly limit: number | null;
  readonly allowDowngrade: boolean;
  readonly onRedirect: RedirectHook | undefined;
}

export const defaultRedirects: RedirectSettings = Object.freeze({ follow: true, limit: 10, allowDowngrade: false, onRedirect: undefined });

/** @throws {InvalidOption} naming the option. */
export function mergeRedirectOptions(inherited: RedirectSettings, own: RedirectOptions): RedirectSettings {
  const { followRedirects, maxRedirects, allowDowngrade, onRedirect } = own;
  if ([followRedirects, maxRedirects, allowDowngrade, onRedirect].every((option) => option === undefined)) return inherited;
  return Object.freeze({
    follow: own.followRedirects === undefined ? inherited.follow : readFlag('followRedirects', own.followRedirects),
    limit: own.maxRedirects === undefined ? inherited.limit : readLimit(own.maxRedirects),
    allowDowngrade: own.allowDowngrade === undefined ? inherited.allowDowngrade : readFlag('allowDowngrade', own.allowDowngrade),
    onRedirect: onRedirect === undefined ? inherited.onRedirect : readHook(onRedirect),
  });
}

function readFlag(option: string, value: unknown): boolean {
  return value !== null && boolean(option, value);
}

function readHook(hook: RedirectHook | null): RedirectHook | undefined {
  if (hook !== null && typeof hook !== 'function') throw new InvalidOption('onRedirect', 'must be a function, or null');
  return hook ?? undefined;
}

function readLimit(limit: unknown): number | null {
  if (limit === null || limit === Infinity) return limit;
  return count('maxRedirects', limit, { least: 0, or: 'null to follow none' });
}

export function doesFollow({ follow, limit }: RedirectSettings): boolean {
  return follow && limit !== null;
}
