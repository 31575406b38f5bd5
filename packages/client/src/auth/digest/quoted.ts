/** RFC 9110 §5.6.4. What is quoted has been checked: it holds no control characters. */
export function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** Text as the octets of its UTF-8, one character for each: the form in which a field travels. */
export function asOctets(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** RFC 8187 §3.2: `UTF-8''` and percent-encoding of all but attribute characters. */
export function extendedValue(text: string): string {
  let encoded = '';
  for (const octet of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(octet);
    encoded += /[A-Za-z0-9!#$&+\-.^_`|~]/.test(character) ? character : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return `UTF-8''${encoded}`;
}
