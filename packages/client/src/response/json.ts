import type { HeaderPair } from '@x/httpcore';

import { DecodingError } from '../errors.ts';
import { shownBeginning } from '../redact.ts';
import { about } from '../request/about.ts';
import { findHeader } from '../request/fields/header-input.ts';
import type { Request } from '../request/request.ts';
import { decodeText } from './text.ts';

/** What is told of a response whose body is no JSON. */
export interface JsonSource {
  readonly request: Request;
  readonly status: number;
  readonly rawHeaders: readonly HeaderPair[];
}

/**
 * UTF-8, whatever charset the type names (RFC 8259 §8.1), but for one that a byte order mark tells.
 * @throws {DecodingError} `INVALID_JSON`, with the place but without the parser's own error, which quotes the text.
 */
export function parseJson(content: Uint8Array, source: JsonSource): unknown {
  const text = decodeText(content, undefined);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw about(new DecodingError(problemOf(text, error as Error, source), { code: 'INVALID_JSON' }), source.request);
  }
}

function problemOf(text: string, { message }: Error, { status, rawHeaders }: JsonSource): string {
  const type = findHeader(rawHeaders, 'content-type');
  const response = `status ${status}, ${type === undefined ? 'no Content-Type' : type.slice(0, 100)}`;
  const start = text.trimStart();
  if (start === '') return `The body is empty, so it is not JSON (${response})`;
  // An error page, as a rule. What may be JSON may hold what is nobody's business, and is not quoted.
  if (start.startsWith('<')) return `The body is not JSON but ${JSON.stringify(shownBeginning(start))} (${response})`;
  const place = /at position \d+/.exec(message)?.[0];
  return `The body is not JSON${place === undefined ? '' : `, ${place}`} of its ${text.length} characters (${response})`;
}
