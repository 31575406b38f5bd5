import type { Behaviour } from '../server/http-server.ts';

/**
 * `/cacheable/:seconds`, with anything behind it: the same text for ever, fresh for so long, with a strong validator and the surrogate key
 * `catalogue`. Answers 304 to who has it.
 */
export function cacheable(): Behaviour {
  return {
    handle(request, response) {
      request.resume();
      const path = request.url ?? '/';
      const seconds = Number(/^\/cacheable\/(\d+)/.exec(path)?.[1] ?? 60);
      const body = `this is ${path}\n`.repeat(64);
      const headers = { 'Cache-Control': `max-age=${seconds}`, ETag: `"${body.length}"`, 'Surrogate-Key': 'catalogue' };
      if (request.headers['if-none-match'] === headers.ETag) response.writeHead(304, headers).end();
      else response.writeHead(200, { ...headers, 'Content-Type': 'text/plain', 'Content-Length': body.length }).end(body);
    },
    extras: {},
  };
}
