/**
 * gRPC with `@x/httpcore` alone as transport, against the server of `@grpc/grpc-js`: messages with their length before them,
 * status in the trailers, and both directions at once. Messages are JSON, so that nothing but the transport is needed.
 *
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import {
  Server,
  ServerCredentials,
  status,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { createGate, serverCertificate, type Gate } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, type ByteIterable, type DispatchContext, type HeaderPair, type ResponseBody } from '../../../src/index.ts';

interface Message {
  readonly text: string;
  readonly count?: number;
}

const serialize = (message: Message): Buffer => Buffer.from(JSON.stringify(message));
const deserialize = (bytes: Uint8Array): Message => JSON.parse(Buffer.from(bytes).toString()) as Message;

function method(name: string, requestStream: boolean, responseStream: boolean) {
  return {
    path: `/test.Talk/${name}`,
    requestStream,
    responseStream,
    requestSerialize: serialize,
    requestDeserialize: deserialize,
    responseSerialize: serialize,
    responseDeserialize: deserialize,
  };
}

const service: ServiceDefinition = {
  Say: method('Say', false, false),
  Fail: method('Fail', false, false),
  Count: method('Count', false, true),
  Converse: method('Converse', true, true),
};

interface TalkServer extends AsyncDisposable {
  readonly pool: ConnectionPool;
  /** Opens when the server has heard that a call was cancelled. */
  readonly cancelled: Gate;
  call(name: string, body: ByteIterable, context?: DispatchContext): Promise<Reply>;
}

interface Reply {
  readonly headers: readonly HeaderPair[];
  readonly body: ResponseBody;
  /** Messages as they come. */
  readonly messages: AsyncGenerator<Message>;
  /** `grpc-status` and `grpc-message`, once the messages have ended. */
  status(): readonly [string | undefined, string | undefined];
}

async function startTalk(tls: boolean): Promise<TalkServer> {
  const cancelled = createGate();
  const say: handleUnaryCall<Message, Message> = (call, answer) => {
    const metadata = call.metadata.clone();
    metadata.set('x-after', 'the message');
    answer(null, { text: `you said ${call.request.text}` }, metadata);
  };
  const fail: handleUnaryCall<Message, Message> = (_call, answer) => answer({ code: status.FAILED_PRECONDITION, details: 'not today' });
  const count: handleServerStreamingCall<Message, Message> = (call) => {
    call.on('cancelled', () => cancelled.open());
    let sent = 0;
    const send = (): void => {
      while (sent < (call.request.count ?? 0)) {
        if (!call.write({ text: 'x'.repeat(10_000), count: sent++ })) {
          call.once('drain', send);
          return;
        }
      }
      call.end();
    };
    send();
  };
  const converse: handleBidiStreamingCall<Message, Message> = (call) => {
    call.on('cancelled', () => cancelled.open());
    let heard = 0;
    call.on('data', ({ text }: Message) => call.write({ text: `heard ${text}`, count: ++heard }));
    call.on('end', () => call.end());
  };
  const server = new Server();
  server.addService(service, { Say: say, Fail: fail, Count: count, Converse: converse });
  const { cert, key, ca } = await serverCertificate();
  const credentials = tls
    ? ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }])
    : ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  const pool = new ConnectionPool(tls ? { tls: { ca } } : { http1: false });
  return {
    pool,
    cancelled,
    async call(name, body, context) {
      const headers: readonly HeaderPair[] = [
        ['content-type', 'application/grpc+json'],
        ['te', 'trailers'],
      ];
      const url = [tls ? 'https' : 'http', '127.0.0.1', port, `/test.Talk/${name}`] as const;
      const [, status, , responseHeaders, responseBody] = await pool.dispatch('POST', url, headers, body, undefined, context);
      expect(status).toBe(200);
      return {
        headers: responseHeaders,
        body: responseBody,
        messages: messagesOf(responseBody),
        status() {
          // A call that fails at once has its status in the head.
          const fields = new Map([...responseHeaders, ...(responseBody.trailers ?? [])]);
          const message = fields.get('grpc-message');
          return [fields.get('grpc-status'), message === undefined ? undefined : decodeURIComponent(message)];
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await pool.close();
      server.forceShutdown();
    },
  };
}

/** A message on the wire: not compressed, its length, itself. */
function framed(message: Message): Uint8Array {
  const bytes = serialize(message);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

async function* messagesOf(body: ResponseBody): AsyncGenerator<Message> {
  let unread = Buffer.alloc(0);
  for await (const chunk of body) {
    unread = Buffer.concat([unread, chunk]);
    while (unread.length >= 5 && unread.length >= 5 + unread.readUInt32BE(1)) {
      const end = 5 + unread.readUInt32BE(1);
      yield deserialize(unread.subarray(5, end));
      unread = unread.subarray(end);
    }
  }
  expect(unread).toHaveLength(0);
}

async function all(messages: AsyncGenerator<Message>): Promise<Message[]> {
  const list: Message[] = [];
  for await (const message of messages) list.push(message);
  return list;
}

describe.each([true, false])('gRPC, TLS %s', (tls) => {
  it('a unary call, its status in the trailers', async () => {
    await using talk = await startTalk(tls);
    const reply = await talk.call('Say', [framed({ text: 'hello' })]);
    expect(await all(reply.messages)).toEqual([{ text: 'you said hello' }]);
    expect(reply.status()).toEqual(['0', 'OK']);
    expect(reply.body.trailers).toContainEqual(['x-after', 'the message']);
  });

  it('a call that fails has its status without a message', async () => {
    await using talk = await startTalk(tls);
    const reply = await talk.call('Fail', [framed({ text: '' })]);
    expect(await all(reply.messages)).toEqual([]);
    expect(reply.status()).toEqual(['9', 'not today']);
    const unknown = await talk.call('Unheard', [framed({ text: '' })]);
    expect(await all(unknown.messages)).toEqual([]);
    expect(unknown.status()[0]).toBe('12');
  });

  it('a conversation: each message is the answer to the one before', async () => {
    await using talk = await startTalk(tls);
    const turns = Array.from({ length: 20 }, () => createGate());
    turns[0]?.open();
    async function* speak(): AsyncGenerator<Uint8Array> {
      for (const [index, turn] of turns.entries()) {
        await turn.opened;
        yield framed({ text: String(index) });
      }
    }
    const reply = await talk.call('Converse', speak());
    const heard: Message[] = [];
    for await (const message of reply.messages) {
      heard.push(message);
      turns[heard.length]?.open();
    }
    expect(heard).toEqual(turns.map((_, index) => ({ text: `heard ${index}`, count: index + 1 })));
    expect(reply.status()).toEqual(['0', 'OK']);
  });

  it('many conversations share one connection', async () => {
    await using talk = await startTalk(tls);
    const heard = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        async function* speak(): AsyncGenerator<Uint8Array> {
          for (let turn = 0; turn < 10; turn += 1) yield await Promise.resolve(framed({ text: `${index}.${turn}` }));
        }
        return all((await talk.call('Converse', speak())).messages);
      }),
    );
    heard.forEach((messages, index) => {
      expect(messages.map(({ text }) => text)).toEqual(Array.from({ length: 10 }, (_, turn) => `heard ${index}.${turn}`));
    });
    expect(talk.pool.stats().opened).toBe(1);
  });

  it('a stream of answers, read to its end', async () => {
    await using talk = await startTalk(tls);
    const reply = await talk.call('Count', [framed({ text: '', count: 500 })]);
    const messages = await all(reply.messages);
    expect(messages.map(({ count }) => count)).toEqual(Array.from({ length: 500 }, (_, index) => index));
    expect(reply.status()[0]).toBe('0');
  });

  it('the server hears of a call that is given up: by closing the body, by aborting', async () => {
    await using talk = await startTalk(tls);
    const reply = await talk.call('Count', [framed({ text: '', count: 1e9 })]);
    expect((await reply.messages.next()).value).toMatchObject({ count: 0 });
    await reply.body.close();
    await talk.cancelled.opened;

    await using other = await startTalk(tls);
    const controller = new AbortController();
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield framed({ text: 'first' });
      await new Promise(() => {});
    }
    const open = await other.call('Converse', silent(), { signal: controller.signal });
    expect((await open.messages.next()).value).toMatchObject({ text: 'heard first' });
    controller.abort();
    await expect(open.messages.next()).rejects.toMatchObject({ code: 'ABORTED' });
    await other.cancelled.opened;
  });
});
