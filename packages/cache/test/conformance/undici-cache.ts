/** The cache interceptor of undici 7, which runs on every Node that we do, over a server of this process, as the cache tests drive it. Its time is `Date`, which the caller sets. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Agent, cacheStores, interceptors } from 'undici7';

import type { Subject } from './cache-tests.ts';

export const undiciCache: Subject = {
  async start(origin) {
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        const headers = Object.entries(request.headersDistinct).flatMap(([name, values]) => values!.map((value) => [name, value] as const));
        const answer = origin(request.method!, headers);
        if (answer.disconnect) {
          request.socket.destroy();
          return;
        }
        for (const [, fields] of answer.interim) response.writeEarlyHints(Object.fromEntries(fields));
        response.sendDate = false;
        // What would break the framing is not for a server to say.
        const fields = answer.headers.filter(
          ([name]) => !/^(?:transfer-encoding|content-length|connection|keep-alive|upgrade|trailer|te)$/i.test(name),
        );
        response.writeHead(answer.status, answer.reason, fields.flat());
        response.end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const agent = new Agent().compose(interceptors.cache({ store: new cacheStores.MemoryCacheStore(), type: 'private' } as object));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return {
      async send({ method, path, headers, body }) {
        const interim: [number, [string, string][]][] = [];
        const response = await agent.request({
          origin: url,
          path,
          method,
          headers: headers.flat(),
          body,
          onInfo: ({ statusCode, headers: fields }) => interim.push([statusCode, pairsOf(fields)]),
        });
        return { status: response.statusCode, headers: pairsOf(response.headers), body: await response.body.text(), interim };
      },
      async close() {
        await agent.destroy();
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  },
};

function pairsOf(headers: Readonly<Record<string, string | string[] | undefined>>): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) => [value ?? []].flat().map((each): [string, string] => [name, String(each)]));
}
