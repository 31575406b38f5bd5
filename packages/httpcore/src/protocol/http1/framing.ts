/** How a response body is delimited: a pure decision, RFC 9112 §6.3. */

export type ResponseBodyKind = 'none' | 'length' | 'chunked' | 'until-close' | 'tunnel';

/**
 * RFC 9112 §6.3, in its order. Conflicts (several lengths, a length beside a transfer coding) have been refused before.
 *
 * 1. HEAD, 1xx, 204 and 304 have no body, whatever their fields say.
 * 2. 2xx to CONNECT, and 101, turn the connection into a tunnel.
 * 4. Transfer-Encoding whose last element is chunked (RFC 9110 §5.6.1: empty ones do not count); any other transfer coding
 *    lasts until the connection closes.
 * 6. Content-Length.
 * 8. Until the connection closes.
 */
export function responseBodyKind(
  method: string,
  status: number,
  contentLength: number | undefined,
  transferEncoding: string | undefined,
): ResponseBodyKind {
  if (status === 101 || (method === 'CONNECT' && status >= 200 && status < 300)) return 'tunnel';
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 'none';
  if (transferEncoding !== undefined) return /(?:^|,)[\t ]*chunked[\t ,]*$/i.test(transferEncoding) ? 'chunked' : 'until-close';
  if (contentLength !== undefined) return contentLength === 0 ? 'none' : 'length';
  return 'until-close';
}
