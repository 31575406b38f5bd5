import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, test, vi } from 'vitest';

import type { DispatchContext, DispatchResponse, DuplexBody, ResponseBody } from '../contract/dispatcher.ts';
import type { HeaderPair } from '../contract/values.ts';
import { HttpCoreError, ReadError, RemoteProtocolError } from '../contract/errors.ts';
import { nodeHandlerDispatcher, type NodeListener } from './node-handler.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = async (body: ResponseBody): Promise<string> => new TextDecoder().decode(await body.bytes());

const get = (listener: NodeListener, target = '/', headers: HeaderPair[] = [], context?: DispatchContext): Promise<DispatchResponse> =>
  nodeHandlerDispatcher(listener).dispatch('GET', ['http', 'app.test', null, target], headers, null, undefined, context);

async function errorOf(promise: Promise<unknown>): Promise<HttpCoreError> {
  const error: unknown = await promise.then(
    () => 'fulfilled',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HttpCoreError);
  return error as HttpCoreError;
}

describe('what the application sees', () => {
  test('is what a server on a network would show it', async () => {
    let seen: { raw: string[]; version: string; method: string | undefined; url: string | undefined } | undefined;
    await using dispatcher = nodeHandlerDispatcher((request, response) => {
      seen = { raw: request.rawHeaders, version: request.httpVersion, method: request.method, url: request.url };
      response.end();
    });
    await dispatcher.dispatch(
      'PUT',
      ['http', 'App.test', 8080, '/a?b'],
      [
        ['X-One', '1'],
        ['x-one', '2'],
      ],
      [bytesOf('body')],
    );
    expect(seen).toEqual({
      raw: ['host', 'app.test:8080', 'X-One', '1', 'x-one', '2', 'content-length', '4'],
      version: '1.1',
      method: 'PUT',
      url: '/a?b',
    });
    await dispatcher.dispatch('PUT', ['http', 'app.test', null, '/'], [], new Set([bytesOf('body')]));
    expect(seen?.raw).toEqual(['host', 'app.test', 'transfer-encoding', 'chunked']);
  });

  test('comes over a socket that looks like one', async () => {
    const seen: unknown[] = [];
    await using dispatcher = nodeHandlerDispatcher((request, response) => {
      const { socket } = request;
      socket.setNoDelay(true).setKeepAlive(true).ref().unref();
      seen.push([socket.remoteAddress, socket.localPort, 'encrypted' in socket && socket.encrypted, socket.address()]);
      response.end();
    });
    await dispatcher.dispatch('GET', ['http', 'app.test', null, '/'], [], null);
    await dispatcher.dispatch('GET', ['https', 'app.test', 8443, '/'], [], null);
    expect(seen).toEqual([
      ['127.0.0.1', 80, false, { address: '127.0.0.1', family: 'IPv4', port: 80 }],
      ['127.0.0.1', 8443, true, { address: '127.0.0.1', family: 'IPv4', port: 8443 }],
    ]);
  });

  test('is one connection for each request', async () => {
    const sockets = new Set<unknown>();
    await using dispatcher = nodeHandlerDispatcher((request, response) => {
      sockets.add(request.socket);
      response.end('x');
    });
    for (let count = 0; count < 3; count += 1) {
      const [, , , , body] = await dispatcher.dispatch('GET', ['http', 'app.test', null, '/'], [], null);
      await body.bytes();
    }
    expect(sockets.size).toBe(3);
  });
});

describe('what comes back', () => {
  test('has the fields that a server adds', async () => {
    const [version, status, reason, headers, body] = await get((_, response) => {
      response.setHeader('X-App', ['a', 'b']);
      response.write('one, ');
      response.end('two');
    });
    expect([version, status, reason]).toEqual(['1.1', 200, 'OK']);
    expect(headers.map(([name]) => name)).toEqual(['X-App', 'X-App', 'Date', 'Connection', 'Transfer-Encoding']);
    expect(await textOf(body)).toBe('one, two');
  });

  test('may last until the connection closes', async () => {
    const [, , , headers, body] = await get((_, response) => {
      response.useChunkedEncodingByDefault = false;
      response.removeHeader('transfer-encoding');
      response.write('until ');
      response.end('close');
    });
    expect(headers).toContainEqual(['Connection', 'close']);
    expect(await textOf(body)).toBe('until close');
  });

  test('has trailers and informational responses', async () => {
    const informational: number[] = [];
    const [, , , , body] = await get(
      (_, response) => {
        response.writeProcessing();
        response.writeEarlyHints({ link: '</a>; rel=preload' });
        response.writeHead(200, { trailer: 'X-Sum' });
        response.addTrailers({ 'X-Sum': '1' });
        response.end('x');
      },
      '/',
      [],
      { onInformational: (status) => informational.push(status) },
    );
    expect(await textOf(body)).toBe('x');
    expect(body.trailers).toEqual([['X-Sum', '1']]);
    expect(informational).toEqual([102, 103]);
  });

  test('is what Node itself answers to requests it does not like', async () => {
    const listener = vi.fn<NodeListener>();
    const [, status] = await get(listener, '/', [['x-large', 'x'.repeat(20_000)]]);
    expect(status).toBe(431);
    const [, expectation] = await get(listener, '/', [['expect', 'the-unexpected']]);
    expect(expectation).toBe(417);
    expect(listener).not.toHaveBeenCalled();
  });
});

describe('an application that fails', () => {
  const thrown = new Error('out of order');

  test.each<[string, NodeListener]>([
    [
      'throws',
      () => {
        throw thrown;
      },
    ],
    ['rejects', () => Promise.reject(thrown)],
    [
      'rejects later',
      async (request) => {
        await once(request.resume(), 'end');
        throw thrown;
      },
    ],
    ['destroys the response with it', (_, response) => void response.destroy(thrown)],
    ['destroys the socket with it', (request) => void request.socket.destroy(thrown)],
  ])('%s: that is the cause', async (_, listener) => {
    const error = await errorOf(get(listener));
    expect(error).toBeInstanceOf(ReadError);
    expect(error).toMatchObject({ cause: thrown, phase: 'response-head', requestSent: true });
  });

  test('throws what is no error', async () => {
    const text: unknown = 'just text';
    const error = await errorOf(
      get(() => {
        throw text;
      }),
    );
    expect(error.cause).toMatchObject({ message: 'just text', cause: 'just text' });
  });

  test('leaves without a word', async () => {
    const error = await errorOf(get((request) => void request.socket.destroy()));
    expect(error).toBeInstanceOf(ReadError);
    expect(error.code).toBe('CONNECTION_CLOSED');
  });

  test('leaves in the middle of a body', async () => {
    const [, , , , body] = await get((_, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('hal', () => response.destroy());
    });
    const error = await errorOf(body.bytes());
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(error.code).toBe('INCOMPLETE_BODY');
  });

  test('fails in the middle of a body', async () => {
    const [, , , , body] = await get((_, response) => {
      response.write('some');
      return Promise.reject(thrown);
    });
    const error = await errorOf(body.bytes());
    expect(error).toMatchObject({ name: 'ReadError', phase: 'response-body', cause: thrown });
  });

  test('writes what is no HTTP', async () => {
    const error = await errorOf(get((request) => void request.socket.end('HTTP/1.1 two hundred\r\n\r\n')));
    expect(error).toBeInstanceOf(RemoteProtocolError);
  });

  test('fails after a complete response', async () => {
    const [, status, , , body] = await get((_, response) => {
      response.end('whole');
      return Promise.reject(thrown);
    });
    expect(status).toBe(200);
    expect(await textOf(body)).toBe('whole');
  });
});

describe('a caller that leaves', () => {
  test('closes the request and the response', async () => {
    const controller = new AbortController();
    const events: string[] = [];
    let both!: () => void;
    const closed = new Promise<void>((resolve) => {
      both = resolve;
    });
    const sending = get(
      (request, response) => {
        request.on('error', (error: NodeJS.ErrnoException) => events.push(`request ${error.code}`));
        response.on('close', () => {
          events.push(`response close, finished ${response.writableFinished}`);
          both();
        });
        response.write('x');
        controller.abort();
      },
      '/',
      [],
      { signal: controller.signal },
    ).then(([, , , , body]) => body.bytes());
    expect(await errorOf(sending)).toMatchObject({ code: 'ABORTED' });
    await closed;
    expect(events).toContain('response close, finished false');
  });

  test('ends the upload that the application reads', async () => {
    const controller = new AbortController();
    let reading!: Promise<unknown>;
    await using dispatcher = nodeHandlerDispatcher((request: IncomingMessage) => {
      reading = (async () => {
        for await (const chunk of request) if ((chunk as Buffer).length > 0) controller.abort();
      })();
      reading.catch(() => {});
    });
    const body = (async function* () {
      yield bytesOf('some');
      await once(controller.signal, 'abort');
    })();
    const sending = dispatcher.dispatch('PUT', ['http', 'app.test', null, '/'], [], body, undefined, { signal: controller.signal });
    expect(await errorOf(sending)).toMatchObject({ code: 'ABORTED' });
    await expect(reading).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('backpressure', () => {
  test('a slow reader stops the application', async () => {
    let drains = 0;
    let full = 0;
    const piece = Buffer.alloc(16_384, 'x');
    const [, , , , body] = await get((_, response) => {
      let left = 256;
      const pump = (): void => {
        while (left > 0) {
          left -= 1;
          if (!response.write(piece)) {
            full += 1;
            return;
          }
        }
        response.end();
      };
      response.on('drain', () => {
        drains += 1;
        pump();
      });
      pump();
    });
    expect(full).toBeGreaterThan(0);
    let received = 0;
    for await (const chunk of body) received += chunk.length;
    expect(received).toBe(256 * piece.length);
    expect(drains).toBeGreaterThan(8);
  });

  test('an application that writes without end leaves timers their turn', async () => {
    const [, , , , body] = await get((_, response) => {
      const pump = (): void => {
        while (response.write('x'.repeat(1_000)));
      };
      response.on('drain', pump);
      pump();
    });
    let over = false;
    setTimeout(() => {
      over = true;
    }, 1);
    for await (const chunk of body) {
      if (over && chunk.length > 0) break;
    }
    expect(over).toBe(true);
  });
});

describe('a server', () => {
  test('may switch to another protocol, and need not listen', async () => {
    const server = createServer();
    server.on('upgrade', (_, socket, head) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n${head.toString()}`);
      socket.pipe(socket);
    });
    await using dispatcher = nodeHandlerDispatcher(server);
    const [, status, , , body] = await dispatcher.dispatch(
      'GET',
      ['http', 'app.test', null, '/'],
      [
        ['connection', 'upgrade'],
        ['upgrade', 'echo'],
      ],
      null,
    );
    expect(status).toBe(101);
    const tunnel = body as DuplexBody;
    await tunnel.write(bytesOf('ping'));
    await tunnel.end();
    expect(await textOf(tunnel)).toBe('ping');
  });

  test('without a listener for it refuses CONNECT by closing', async () => {
    const error = await errorOf(nodeHandlerDispatcher(() => {}).dispatch('CONNECT', ['http', 'app.test', null, 'a.example:443'], [], null));
    expect(error).toMatchObject({ name: 'ReadError', code: 'CONNECTION_CLOSED' });
  });

  test('grants Expect: 100-continue by itself', async () => {
    await using dispatcher = nodeHandlerDispatcher((request, response) => void request.pipe(response));
    let turns = 0;
    const count = (): void => {
      turns += 1;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    const [, , , , body] = await dispatcher.dispatch(
      'PUT',
      ['http', 'app.test', null, '/'],
      [['expect', '100-continue']],
      [bytesOf('body')],
    );
    expect(await textOf(body)).toBe('body');
    clearImmediate(next);
    // Not by our own giving up to wait for it: in that second the loop turns some ten thousand times.
    expect(turns).toBeLessThan(100);
  });
});

test('a socket limit of the application ends an idle exchange', async () => {
  let limit: ServerResponse | undefined;
  const error = await errorOf(
    get((request, response) => {
      limit = response;
      request.setTimeout(5, () => request.socket.destroy());
    }),
  );
  expect(limit).toBeDefined();
  expect(error.code).toBe('CONNECTION_CLOSED');
});
