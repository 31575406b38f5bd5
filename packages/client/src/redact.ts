/** What is shown of a message in `inspect`, `toJSON` and error texts: never a credential, whoever sent it. */

const mask = '[redacted]';
// Over-masking costs a look at the raw value; under-masking costs a secret in a log.
const secretName = /authorization|authentication|cookie|token|secret|passw|api[-_]?key|credential|session|signature|jwt/i;
const secretParameter = /^(?:key|sig|code|pw|pwd|auth|sid|otp|pin)$/i;
const urlFields = new Set(['location', 'content-location', 'referer', 'link', 'refresh']);

/** The value of a header field as it may be shown. */
export function shownHeaderValue(name: string, value: string): string {
  if (secretName.test(name)) return mask;
  return urlFields.has(name.toLowerCase()) ? shownUrl(value) : value;
}

/**
 * A URL, or a text with URLs in it, as it may be shown: without user information and fragment, and with the values of
 * secret-looking query parameters masked. Works on text that is no valid URL too, since that is what errors are about.
 */
export function shownUrl(url: string): string {
  // The user information ends at the last "@" before the path, query or fragment (RFC 3986 §3.2); WHATWG counts "\" as "/".
  const withoutUser = url.replace(/(^|:)([\\/]{2})[^\\/?#\s]*@/g, '$1$2');
  const [beforeFragment = ''] = withoutUser.split('#', 1);
  return beforeFragment.replace(/([?&;])([^=&;\s]*)=([^&;\s>]*)/g, (whole, separator: string, name: string) =>
    secretName.test(name) || secretParameter.test(name) ? `${separator}${name}=${mask}` : whole,
  );
}
