/** Text as one word of a POSIX shell. */

/**
 * Single quotes, in which nothing has a meaning. Bytes that are no text (of Latin-1 fields, and control characters but line breaks and tabs) need
 * `$'…'` of bash, zsh and POSIX of 2024.
 */
export function quoted(text: string): string {
  if (/^[\w%+,./:=@^-]+$/.test(text)) return text;
  if (/[^\P{Cc}\t\n]/u.test(text)) return escaped(Buffer.from(text, 'utf8'));
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Each character of the text is one octet. */
export function quotedOctets(octets: string): string {
  return /[\x80-\xff]/.test(octets) ? escaped(Buffer.from(octets, 'latin1')) : quoted(octets);
}

function escaped(bytes: Uint8Array): string {
  const written = Array.from(bytes, (byte) => {
    if (byte === 0x27 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    // Always three digits, so that a digit behind it is not taken for one of them.
    return byte < 0x20 || byte > 0x7e ? `\\${byte.toString(8).padStart(3, '0')}` : String.fromCharCode(byte);
  });
  return `$'${written.join('')}'`;
}
