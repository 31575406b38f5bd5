import type { HeaderPair } from '../contract/values.ts';
import type { GivenRequest } from './given-request.ts';

/**
 * May its request be written before the one in front of it is answered (RFC 9112 §9.3.2)? One that does something may not: where the connection ends
 * nobody could say whether it was done. Nor one that decides what becomes of its connection, or whose answer has no end to wait for.
 */
export function isPipelinable({ method, body, framing, headers, forwarding, context, conversation }: GivenRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (forwarding !== null || conversation !== undefined || context?.protocol !== undefined) return false;
  if (framing.chunked || framing.needsHttp2 || framing.length !== 0 || (body !== null && !Array.isArray(body))) return false;
  for (let index = 0; index < headers.length; index += 1) if (isInTheWay(headers[index]!)) return false;
  return true;
}

function isInTheWay([name, value]: HeaderPair): boolean {
  switch (name.length) {
    case 6:
      return (name.toLowerCase() === 'accept' && value.toLowerCase().includes('text/event-stream')) || name.toLowerCase() === 'expect';
    case 7:
      return name.toLowerCase() === 'upgrade';
    case 10:
      return name.toLowerCase() === 'connection';
    case 13:
      // Its rounds belong to one connection.
      return name.toLowerCase() === 'authorization' && /^(?:ntlm|negotiate)\b/i.test(value);
    default:
      return false;
  }
}
