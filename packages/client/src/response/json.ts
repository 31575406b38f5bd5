import type { HeaderPair } from '@x/httpcore';

import { DecodingError } from '../errors.ts';
import { shownBeginning } from '../redact.ts';
import { about } from '../request/about.ts';
import { findHeader } from '../request/fields/header-input.ts';
import type { JsonSettings } from '../request/json-settings.ts';
import type { Request } from '../request/request.ts';
import { decodeText } from './text.ts';

/** What is told of a response whose body is no JSON. */
export interface JsonSource {
  readonly request: Request;
  readonly status: number;
  readonly rawHeaders: readonly HeaderPair[];
  /** @internal */
  readonly call?: { readonly json?: JsonSettings | undefined };
}

/**
 * UTF-8, whatever charset the type names (RFC 8259 §8.1), but for one that a byte order mark tells.
 * @throws {DecodingError} `INVALID_JSON`, with the place but without the parser's own error, which quotes the text; what a parser of the caller's
 *   throws is the cause.
 */
export function parseJson(content: Uint8Array, source: JsonSource): unknown {
  return parseJsonText(decodeText(content, undefined), source);
}

export function parseJsonText(text: string, source: JsonSource): unknown {
  const own = source.call?.json?.parse;
  try {
    return own === undefined ? JSON.parse(text) : own(text);
  } catch (error) {
    const cause = own === undefined ? {} : { cause: error };
    throw about(new DecodingError(problemOf(text, error, source), { code: 'INVALID_JSON', ...cause }), source.request);
  }
}

/**
 * One document on each line (NDJSON, JSON Lines); empty lines are none.
 * @throws {DecodingError} `INVALID_JSON`.
 */
export function parseJsonLines(content: Uint8Array, source: JsonSource): unknown[] {
  const documents: unknown[] = [];
  for (const line of decodeText(content, undefined).split('\n')) if (!isBlank(line)) documents.push(parseJsonText(line, source));
  return documents;
}

/** As {@link parseJsonLines}, of lines that come one after the other. */
export async function* readJsonLines(lines: AsyncIterable<string>, source: JsonSource): AsyncGenerator<unknown, void, undefined> {
  for await (const line of lines) if (!isBlank(line)) yield parseJsonText(line, source);
}

// What JSON calls whitespace (RFC 8259 §2).
function isBlank(line: string): boolean {
  return /^[\t\r ]*$/u.test(line);
}

function problemOf(text: string, error: unknown, { status, rawHeaders }: JsonSource): string {
  const type = findHeader(rawHeaders, 'content-type');
  const response = `status ${status}, ${type === undefined ? 'no Content-Type' : type.slice(0, 100)}`;
  const start = text.trimStart();
  if (start === '') return `The body is empty, so it is not JSON (${response})`;
  // An error page, as a rule. What may be JSON may hold what is nobody's business, and is not quoted.
  if (start.startsWith('<')) return `The body is not JSON but ${JSON.stringify(shownBeginning(start))} (${response})`;
  const place = error instanceof SyntaxError ? /at position \d+/.exec(error.message)?.[0] : undefined;
  return `The body is not JSON${place === undefined ? '' : `, ${place}`} of its ${text.length} characters (${response})`;
}
