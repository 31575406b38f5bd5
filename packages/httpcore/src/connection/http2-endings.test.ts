/** How exchanges end when their stream or connection does: with what came before, and with the reason that was given. */
import { afterEach, describe, expect, it } from 'vitest';

import { data, goAway, headers, reset, settings, settingsAcknowledgement } from '../../test/support/http2/frame-factory.ts';
import { endWorlds, startConnected, startWorld, type Call, type ScriptedServer } from '../../test/support/http2/pool-harness.ts';
import type { HttpCoreError } from '../contract/errors.ts';
import { ErrorCode } from '../protocol/http2/constants.ts';

afterEach(endWorlds);

const ok = (id: number): Buffer => headers(id, [[':status', '200']]);
const broken = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

/** Reads to the failure. */
async function drain({ body }: Call): Promise<{ readonly octets: number; readonly error: HttpCoreError | undefined }> {
  let octets = 0;
  try {
    for await (const chunk of body!) octets += chunk.length;
  } catch (error) {
    return { octets, error: error as HttpCoreError };
  }
  return { octets, error: undefined };
}

describe('what came before', () => {
  const endings: readonly [name: string, end: (server: ScriptedServer) => void, code: string][] = [
    ['RST_STREAM', (server) => server.receive(reset(1, ErrorCode.INTERNAL_ERROR)), 'H2_INTERNAL_ERROR'],
    ['the end', (server) => server.transport.receiveEnd(), 'CONNECTION_CLOSED'],
    ['a reset', (server) => server.transport.close(broken), 'READ_FAILED'],
    ['a fault of the connection', (server) => server.receive(data(0, 'x')), 'H2_PROTOCOL_ERROR'],
    ['GOAWAY', (server) => server.receive(goAway(0, ErrorCode.INTERNAL_ERROR)), 'H2_INTERNAL_ERROR'],
  ];
  it.each(endings)('%s is given before the error', async (_name, end, code) => {
    const made = startWorld();
    const call = made.call('/', { unread: true });
    const server = await made.server();
    server.receive(settings(), settingsAcknowledgement(), ok(1), ...Array.from({ length: 40 }, () => data(1, Buffer.alloc(16_000))));
    await made.clock.settle();
    end(server);
    await made.clock.settle();
    const { octets, error } = await drain(call);
    expect([octets, error?.code, error?.phase, error?.receivedBytes]).toEqual([640_000, code, 'response-body', 640_000]);
  });

  it('is given before the error while somebody reads, too', async () => {
    const made = startWorld();
    const call = made.call('/', { unread: true });
    const server = await made.server();
    server.receive(settings(), settingsAcknowledgement(), ok(1));
    await made.clock.settle();
    const reading = drain(call);
    server.receive(data(1, 'one'), data(1, 'two'), reset(1, ErrorCode.CANCEL));
    expect(await reading).toMatchObject({ octets: 6, error: { code: 'H2_CANCEL' } });
  });
});

describe('the reason that GOAWAY gives', () => {
  const endings: readonly [name: string, end: (server: ScriptedServer) => void, cause: unknown][] = [
    ['the end', (server) => server.transport.receiveEnd(), undefined],
    ['a reset', (server) => server.transport.close(broken), broken],
    ['a close', (server) => server.transport.close(), undefined],
  ];
  it.each(endings)('is the error of what was under way when %s follows', async (_name, end, cause) => {
    const { made, server, calls } = await startConnected(['/a', '/b']);
    server.receive(ok(3), data(3, 'x'), goAway(3, ErrorCode.ENHANCE_YOUR_CALM, 'too_many_pings\r\n\xff'));
    end(server);
    await made.clock.settle();
    for (const { error } of calls) {
      expect(error).toMatchObject({ name: 'RemoteProtocolError', code: 'H2_ENHANCE_YOUR_CALM', requestSent: true });
      expect(error?.cause).toBe(cause);
      expect(error?.message).toContain('(GOAWAY ENHANCE_YOUR_CALM: "too_many_pings??');
    }
  });

  it('is the first that is one', async () => {
    const { made, server, calls } = await startConnected(['/']);
    server.receive(goAway(2 ** 31 - 1), goAway(1, ErrorCode.PROTOCOL_ERROR), goAway(1));
    server.transport.receiveEnd();
    await made.clock.settle();
    expect(calls[0]?.error?.code).toBe('H2_PROTOCOL_ERROR');
  });

  it('is no error where there was none, but its words are kept', async () => {
    const { made, server, calls } = await startConnected(['/']);
    server.receive(goAway(1, ErrorCode.NO_ERROR, 'max_age'));
    server.transport.receiveEnd();
    await made.clock.settle();
    expect(calls[0]?.error).toMatchObject({
      code: 'CONNECTION_CLOSED',
      message: 'The server closed the connection (GOAWAY NO_ERROR: "max_age")',
    });
  });

  it('gives way to the reason for which we end the connection ourselves', async () => {
    const { made, server, calls } = await startConnected(['/']);
    server.receive(goAway(1, ErrorCode.ENHANCE_YOUR_CALM), data(0, 'x'));
    await made.clock.settle();
    expect(calls[0]?.error?.code).toBe('H2_PROTOCOL_ERROR');
  });
});
