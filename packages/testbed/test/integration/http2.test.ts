import { once } from 'node:events';
import { connect, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import {
  createGate,
  frames,
  startHttp2Script,
  startHttp2Server,
  startServer,
  type EchoedRequest,
  type LocalServer,
} from '../../src/index.ts';

function dial(server: LocalServer): ClientHttp2Session {
  const session = connect(server.origin, { ca: server.ca });
  session.on('error', () => {});
  return session;
}

async function get(session: ClientHttp2Session, path: string): Promise<{ readonly headers: IncomingHttpHeaders; readonly body: string }> {
  const stream = session.request({ ':path': path });
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  return { headers, body: await text(stream) };
}

describe.each([{ tls: true }, { tls: false }])('over HTTP/2, %o', ({ tls }) => {
  test('the kinds of startServer answer, and connections and their streams are counted', async () => {
    await using server = await startServer('site', { tls, http2: true });
    const session = dial(server);
    expect((await get(session, '/')).body).toBe('hello world');
    const echoed = JSON.parse((await get(session, '/echo')).body) as EchoedRequest;
    expect(echoed).toMatchObject({ method: 'GET', target: '/echo', httpVersion: '2.0' });
    expect((await get(session, '/bytes/100000?seed=x')).body.length).toBeGreaterThan(50_000);
    session.close();
    await server.connections.until((counts) => counts.open === 0);
    expect(server.connections).toMatchObject({ accepted: 1, requests: 3, requestsPerConnection: [3], peakPerConnection: 1 });
  });

  test('a handler of your own answers stream by stream; what runs at once is counted for each connection', async () => {
    const gate = createGate();
    await using server = await startHttp2Server(
      (stream, headers) => {
        stream.respond({ ':status': 200, 'x-path': headers[':path'] });
        void gate.opened.then(() => stream.end('late'));
      },
      { tls, settings: { maxConcurrentStreams: 7 } },
    );
    const sessions = [dial(server), dial(server)];
    const answers = sessions.flatMap((session, index) => Array.from({ length: 3 - index }, (_, path) => get(session, `/${path}`)));
    await server.connections.until((counts) => counts.requests === 5);
    gate.open();
    for (const { body } of await Promise.all(answers)) expect(body).toBe('late');
    expect(sessions[0]?.remoteSettings.maxConcurrentStreams).toBe(7);
    expect(server.connections).toMatchObject({ accepted: 2, requests: 5, peakPerConnection: 3 });
    expect([...server.connections.requestsPerConnection].toSorted((a, b) => a - b)).toEqual([2, 3]);
    expect(server.sessions).toHaveLength(2);
    for (const session of sessions) session.destroy();
  });
});

describe.each([{}, { tls: true }, { pieceBytes: 1 }])('a script, %o', (options) => {
  test('sends the frames it is told to and sees those of the client', async () => {
    await using server = await startHttp2Script(async (peer) => {
      await peer.handshake({ MAX_CONCURRENT_STREAMS: 3 });
      const { streamId, headers, endStream } = await peer.request();
      expect([streamId, endStream]).toEqual([1, false]);
      expect(headers).toContainEqual([':path', '/upload']);
      const { payload } = await peer.next(frames.FrameType.DATA);
      await peer.send(
        frames.headers(streamId, [
          [':status', '200'],
          ['x-long', 'v'.repeat(300)],
        ]),
        frames.data(streamId, payload, { padding: 3 }),
        frames.data(streamId, '', { endStream: true }),
      );
      await peer.settled();
      await peer.send(frames.ping('too shor'), frames.frame(frames.FrameType.PING, 0, 0, 'seven..'));
      expect(await peer.goAway()).toBe('FRAME_SIZE_ERROR');
    }, options);
    const session = dial(server);
    const stream: ClientHttp2Stream = session.request({ ':method': 'POST', ':path': '/upload' });
    stream.end('sent');
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    expect(headers['x-long']).toHaveLength(300);
    expect(await text(stream)).toBe('sent');
    await server.transcripts[0]?.finished;
    expect(server.transcripts[0]).toMatchObject({ outcome: 'completed', error: undefined });
    session.destroy();
  });
});

test('a script that waits for what does not come says so', async () => {
  await using server = await startHttp2Script(async (peer) => {
    await peer.handshake();
    await peer.goAway();
  });
  const session = dial(server);
  await once(session, 'connect');
  await once(session, 'remoteSettings');
  session.destroy();
  await server.transcripts[0]?.finished;
  // node:http2 says goodbye, or does not, before it goes.
  expect(server.transcripts[0]?.outcome).toMatch(/^(?:peer-closed|completed)$/u);
});
