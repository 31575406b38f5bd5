import { DecodingError } from '../errors.ts';
import { about } from '../request/about.ts';
import type { Request } from '../request/request.ts';

/**
 * Of the response to `request`.
 * @throws {DecodingError} `INVALID_JSON`, with the place but without the parser's own error, which quotes the text.
 */
export function parseJson(text: string, request: Request): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw about(new DecodingError(problemOf(text, error as Error), { code: 'INVALID_JSON' }), request);
  }
}

function problemOf(text: string, { message }: Error): string {
  if (text.trim() === '') return 'The body is empty, so it is not JSON';
  const place = /at position \d+/.exec(message)?.[0];
  return `The body is not JSON${place === undefined ? '' : ` (${place})`}; it has ${text.length} characters`;
}
