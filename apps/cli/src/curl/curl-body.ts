/** The bodies of curl: `-d` and its kin, joined in the order in which they were given, and `-F`. */
import type { Io } from '../io.ts';
import type { OptionValue } from '../options/values.ts';
import { contentOf } from '../files/named-files.ts';
import { fileOf } from '../plan/of-items.ts';
import type { BodyPlan, PartPlan } from '../plan/plan.ts';
import { UsageError } from '../usage-error.ts';

export interface CurlBody {
  readonly body: BodyPlan;
  /** For `-G`. */
  readonly texts: readonly string[];
}

/** @throws {UsageError} */
export async function curlBody(given: readonly (readonly [name: string, value: OptionValue])[], io: Io): Promise<CurlBody> {
  const pieces: Uint8Array[] = [];
  const parts: PartPlan[] = [];
  let isJson = false;
  for (const [name, value] of given) {
    const [text = ''] = Array.isArray(value) ? (value as readonly string[]) : [];
    const piece = await pieceOf(name, text, io);
    if (piece !== undefined) {
      // --json pieces are one document; the others are fields of a form.
      if (pieces.length > 0 && name !== 'json') pieces.push(Buffer.from('&'));
      pieces.push(piece);
      isJson ||= name === 'json';
    }
    if (name === 'form' || name === 'form-string') parts.push(await partOf(text, name === 'form-string', io));
  }
  if (parts.length > 0 && pieces.length > 0) throw new UsageError("curl's -F and -d contradict each other");
  if (parts.length > 0) return { body: { kind: 'multipart', parts }, texts: [] };
  if (pieces.length === 0) return { body: { kind: 'none' }, texts: [] };
  const content = Buffer.concat(pieces);
  return {
    body: { kind: 'content', content, type: isJson ? 'application/json' : 'application/x-www-form-urlencoded' },
    texts: [content.toString()],
  };
}

async function pieceOf(name: string, text: string, io: Io): Promise<Uint8Array | undefined> {
  switch (name) {
    case 'data-raw':
      return Buffer.from(text);
    case 'data-binary':
    case 'json':
      return text.startsWith('@') ? contentOf(text.slice(1), io) : Buffer.from(text);
    case 'data':
    case 'data-ascii':
      return text.startsWith('@')
        ? Buffer.from(
            Buffer.from(await contentOf(text.slice(1), io))
              .toString('latin1')
              .replace(/[\r\n\0]/gu, ''),
            'latin1',
          )
        : Buffer.from(text);
    case 'data-urlencode':
      return Buffer.from(await urlEncoded(text, io));
    default:
      return undefined;
  }
}

/** `content`, `=content`, `name=content`, `@file`, `name@file`. */
async function urlEncoded(text: string, io: Io): Promise<string> {
  const at = /[=@]/u.exec(text);
  if (at === null) return encoded(text);
  const name = text.slice(0, at.index);
  const rest = text.slice(at.index + 1);
  const content = at[0] === '@' ? new TextDecoder().decode(await contentOf(rest, io)) : rest;
  return `${name === '' ? '' : `${name}=`}${encoded(content)}`;
}

/** All but what RFC 3986 calls unreserved. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/gu, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** `name=text`, `name=@file`, `name=<file`, each with `;type=…` and `;filename=…`. */
async function partOf(text: string, isLiteral: boolean, io: Io): Promise<PartPlan> {
  const equals = text.indexOf('=');
  if (equals < 0) throw new UsageError(`curl's -F needs name=content, not ${JSON.stringify(text.slice(0, 20))}`);
  const name = text.slice(0, equals);
  const content = text.slice(equals + 1);
  if (isLiteral) return { name, value: content };
  if (content.startsWith('@')) return { name, ...fileOf(content.slice(1).replace(/^"([^"]*)"/u, '$1')) };
  const { path, type, filename } = fileOf(content.startsWith('<') ? content.slice(1) : content);
  const value = content.startsWith('<') ? new TextDecoder().decode(await contentOf(path, io)) : path;
  return { name, value, type, filename };
}
