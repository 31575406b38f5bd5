import type { UrlParts } from '@x/httpcore';

/** RFC 6454 §5. URL parsers have left out default ports and folded the case. */
export function sameOrigin([scheme, host, port]: UrlParts, [otherScheme, otherHost, otherPort]: UrlParts): boolean {
  return host === otherHost && port === otherPort && scheme === otherScheme;
}
