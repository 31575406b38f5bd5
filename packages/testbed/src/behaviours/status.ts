import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Behaviour } from '../server/http-server.ts';
import { answerText } from './answers.ts';

/** Responses of these have no content, whatever their headers say (RFC 9110, section 6.4.1). */
const BODILESS = new Set([204, 304]);

/**
 * `/503` answers 503. 304 announces the length of what it stands for, and HEAD that of what GET would give: a client that
 * waits for those bytes hangs.
 */
export function status(): Behaviour {
  return { handle: answerStatus, extras: {} };
}

export function answerStatus(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  const code = Number(/\/(\d{3})(?:$|[/?])/u.exec(request.url ?? '')?.[1] ?? 200);
  if (BODILESS.has(code)) {
    response.writeHead(code, code === 304 ? { 'Content-Length': 11, ETag: '"testbed"' } : {}).end();
    return;
  }
  answerText(response, code, `status ${code}`);
}
