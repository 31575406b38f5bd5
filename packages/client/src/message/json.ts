import { DecodingError } from '../errors.ts';

/**
 * @throws {DecodingError} `INVALID_JSON`, with the place but without the parser's own error, which quotes the text.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (text.trim() === '') throw new DecodingError('The body is empty, so it is not JSON', { code: 'INVALID_JSON' });
    const place = /at position \d+/.exec((error as Error).message)?.[0];
    const where = place === undefined ? '' : ` (${place})`;
    throw new DecodingError(`The body is not JSON${where}; it has ${text.length} characters`, { code: 'INVALID_JSON' });
  }
}
