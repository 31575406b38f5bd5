/** What a body is to be shown as, by what it is said to be and by what it looks like. */

export type BodyKind = 'json' | 'lines' | 'events' | 'text' | 'binary';

/** @param start Its first bytes, for what is said to be nothing in particular. */
export function bodyKind(contentType: string, start: Uint8Array): BodyKind {
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (type === 'text/event-stream') return 'events';
  if (/^application\/(?:x-)?(?:nd-?json|jsonl|json-?lines|json-seq)$|^application\/stream\+json$/u.test(type)) return 'lines';
  if (/^(?:application|text)\/(?:[^;]*\+)?json5?$|^application\/json[-\w]*$/u.test(type)) return 'json';
  if (type.startsWith('text/') || /[+/](?:xml|yaml|javascript|ecmascript|x-www-form-urlencoded|toml|sql|graphql)$/u.test(type))
    return looksBinary(start) ? 'binary' : 'text';
  if (type !== '' && type !== 'application/octet-stream')
    return looksBinary(start) || /^(?:image|audio|video|font)\//u.test(type) ? 'binary' : 'text';
  if (looksBinary(start)) return 'binary';
  return /^\s*[[{]/u.test(Buffer.from(start.subarray(0, 64)).toString('latin1')) ? 'json' : 'text';
}

/** A NUL, many controls, or what is no UTF-8. UTF-16 begins with a mark. */
function looksBinary(start: Uint8Array): boolean {
  if ((start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff)) return false;
  const looked = start.subarray(0, 1_024);
  let controls = 0;
  for (const byte of looked) {
    if (byte === 0) return true;
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x1b && byte !== 0x0c) controls += 1;
  }
  return controls > looked.length / 16;
}

/** The platform's, of which the types of Node know the class only as a value. */
export type TextDecoding = InstanceType<typeof TextDecoder>;

/** The one that is named, or UTF-8 with a word about it. */
export function decoderFor(
  contentType: string,
  stated: string | undefined,
): { readonly decoder: TextDecoding; readonly unknown: string | undefined } {
  const named = stated ?? /;\s*charset\s*=\s*"?([^";\s]+)/iu.exec(contentType)?.[1];
  if (named === undefined) return { decoder: new TextDecoder(), unknown: undefined };
  try {
    return { decoder: new TextDecoder(named), unknown: undefined };
  } catch {
    return { decoder: new TextDecoder(), unknown: named };
  }
}
