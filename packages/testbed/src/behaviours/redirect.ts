import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Behaviour } from '../server/http-server.ts';
import { answerText } from './answers.ts';
import { echoRequest } from './echo.ts';

/**
 * `/redirect/3` leads over two more hops to `/echo`, which answers with the request as JSON; `?status=307` picks the status
 * (default 302). `/redirect-to?url=…&status=…` leads anywhere. `/loop` leads to itself.
 */
export function redirect(): Behaviour {
  return { handle: answerRedirect, extras: {} };
}

export function answerRedirect(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://testbed.invalid');
  const code = Number(url.searchParams.get('status') ?? 302);
  const hops = Number(/^\/redirect\/(\d+)$/u.exec(url.pathname)?.[1] ?? 0);
  const target = url.searchParams.get('url');
  if (url.pathname === '/redirect-to' && target !== null) return lead(request, response, code, target);
  if (url.pathname === '/loop') return lead(request, response, code, '/loop');
  if (hops > 1) return lead(request, response, code, `/redirect/${hops - 1}${url.search}`);
  if (hops === 1) return lead(request, response, code, '/echo');
  echoRequest(request, response);
}

function lead(request: IncomingMessage, response: ServerResponse, code: number, location: string): void {
  request.resume();
  answerText(response, code, `go to ${location}`, { Location: location });
}
