/** What looks like a credential by its name, and what is shown in its place. */

/** Stands for what is not shown. */
export const secretMask = '[redacted]';

// Over-masking costs a look at the raw value; under-masking costs a secret in a log.
const secretName =
  /authorization|authentication|cookie|token|secret|passw|passphrase|(?:api|private|access)[-_]?key|credential|session|signature|jwt|[-_](?:auth|key)$/i;
const secretParameter = /^(?:key|sig|code|pw|pwd|auth|sid|otp|pin|awsaccesskeyid)$/i;
// They end like one, and whoever sees them can do nothing with them.
const plainNames = new Set(['idempotency-key', 'sec-websocket-key', 'surrogate-key']);

/**
 * Does a header field of this name say who somebody is, or give access to something? Credentials have many names of somebody's own, such as
 * `X-Api-Key`.
 *
 * @example
 * const shown = headers.map(([name, value]) => [name, isSecretField(name) ? '***' : value]);
 */
export function isSecretField(name: string): boolean {
  return secretName.test(name) && !plainNames.has(name.toLowerCase());
}

/** The same of a query parameter. */
export function isSecretParameter(name: string): boolean {
  return secretName.test(name) || secretParameter.test(name);
}

// A URL in a URL in a URL: of one that goes deeper nothing is shown.
const deepest = 3;

/**
 * A URL or a part of one, with the values of parameters that look like secrets masked, also of a URL that is itself the value of one, and without user
 * information and fragment.
 */
export function shownTarget(target: string, mask: string = secretMask, depth = 0): string {
  const plain = target.replace(/^((?:[a-z][a-z0-9+.-]*:)?\/\/)[^/?#]*@/i, '$1').replace(/#.*$/s, '');
  return plain.replace(/([?&;])([^=&;\s]*)=([^&;]*)/g, (_, separator: string, name: string, value: string) => {
    const shown = isSecretParameter(decoded(name)) ? mask : shownParameter(value, mask, depth);
    return `${separator}${name}=${shown}`;
  });
}

/** The value of a parameter that is no secret by its name. */
function shownParameter(value: string, mask: string, depth: number): string {
  if (!/[?@#]|%(?:3f|40|23)/i.test(value)) return value;
  const url = decoded(value);
  if (!/^(?:[a-z][a-z0-9+.-]*:)?\/\/|^[^?]*\?[^=]*=/i.test(url)) return value;
  const shown = depth === deepest ? mask : shownTarget(url, mask, depth + 1);
  if (shown === url) return value;
  return url === value ? shown : encodeURIComponent(shown);
}

/** `%61ccess_token` is the same parameter. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

const urlFields = new Set([
  'location',
  'content-location',
  'referer',
  'link',
  'refresh',
  ':path',
  // What proxies write the first target into.
  'x-forwarded-uri',
  'x-original-uri',
  'x-original-url',
  'x-rewrite-url',
]);

/** The value of a header field as it may be shown. */
export function shownValue(name: string, value: string): string {
  if (isSecretField(name)) return secretMask;
  if (!urlFields.has(name.toLowerCase())) return value;
  return value.replace(/(\/\/)[^/?#<>\s]*@/g, '$1').replace(/[?&;#][^<>\s]*/g, (rest) => shownTarget(rest));
}
