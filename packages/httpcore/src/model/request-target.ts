/** What a request target says of whom it is for (RFC 9112 §3.2). */

const absoluteForm = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)/;

/**
 * The value of `Host`: that of the target where it names one, in authority-form (CONNECT, RFC 9112 §3.2.3) or in absolute-form (§3.2.2); else
 * the origin's. Never user information, nor the zone of an IPv6 address.
 */
export function hostOf(method: string, target: string, originAuthority: string): string {
  if (method === 'CONNECT') return withoutZone(target);
  if (target.charCodeAt(0) === 0x2f) return originAuthority;
  const authority = absoluteForm.exec(target)?.[1];
  if (authority === undefined) return originAuthority;
  return withoutZone(authority.slice(authority.lastIndexOf('@') + 1)) || originAuthority;
}

/** RFC 6874 §4: the zone of an address means something on this machine alone. */
export function withoutZone(authority: string): string {
  return authority.charCodeAt(0) === 0x5b ? authority.replace(/%[^\]]*\]/, ']') : authority;
}
