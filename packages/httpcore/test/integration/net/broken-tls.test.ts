/** TLS that breaks after its handshake is a failure, not an end: nothing that ends with the connection is whole because of it. */
import { connect, createServer, type AddressInfo } from 'node:net';

import {
  createGate,
  receiveHead,
  send,
  serverCertificate,
  startProxy,
  startRawServer,
  startServer,
  trustedAuthority,
  waitFor,
  type Gate,
} from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, Proxy, type HttpCoreError } from '../../../src/index.ts';

const breaks = {
  'a forged record': Buffer.from(`1703030020${'00'.repeat(32)}`, 'hex'),
  'an alert in the clear': Buffer.from('15030300020228', 'hex'),
  'something that is no TLS': Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
};

/** A relay that sends these bytes in the place of the far side's, and the end, once it is told. */
async function startForger(port: number, forged: Buffer, when: Gate): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    let isForged = false;
    for (const socket of [near, far]) socket.on('error', () => {});
    near.pipe(far);
    far.on('data', (bytes) => isForged || near.write(bytes));
    void when.opened.then(() => {
      isForged = true;
      near.end(forged);
    });
    near.on('close', () => far.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const tlsFor = async () => ({ certificate: await serverCertificate({ names: ['localhost'] }) });

describe.each(Object.entries(breaks))('%s', (_name, forged) => {
  it.each(['directly', 'in a tunnel'])('cuts a body that ends with the connection, %s', async (way) => {
    const { certificate: ca } = await trustedAuthority();
    const breakNow = createGate();
    await using origin = await startRawServer(
      [receiveHead(), send('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfirst half,'), waitFor(createGate())],
      { tls: await tlsFor() },
    );
    await using forger = await startForger(origin.port, forged, breakNow);
    const proxy = way === 'directly' ? null : await startProxy('http', { resolve: () => '127.0.0.1' });
    const pool = new ConnectionPool({ tls: { ca }, http2: false, proxy: proxy === null ? null : new Proxy(proxy.url) });
    try {
      const [, , , , body] = await pool.dispatch('GET', ['https', 'localhost', forger.port, '/'], [], null);
      const chunks: Uint8Array[] = [];
      const reading = (async () => {
        for await (const chunk of body) {
          chunks.push(chunk);
          breakNow.open();
        }
      })();
      await expect(reading).rejects.toMatchObject({ name: 'ReadError', code: 'READ_FAILED', receivedBytes: 11 });
      expect(Buffer.concat(chunks).toString()).toBe('first half,');
    } finally {
      await pool.destroy();
      await proxy?.stop();
    }
  });

  it('fails what HTTP/2 has under way', async () => {
    const { certificate: ca } = await trustedAuthority();
    const breakNow = createGate();
    await using origin = await startServer((_, response) => void response.write('first half,'), { tls: await tlsFor(), http2: true });
    await using forger = await startForger(origin.port, forged, breakNow);
    const pool = new ConnectionPool({ tls: { ca } });
    const [version, , , , body] = await pool.dispatch('GET', ['https', 'localhost', forger.port, '/'], [], null);
    breakNow.open();
    await expect(body.bytes()).rejects.toMatchObject({ name: 'ReadError', message: expect.stringMatching(/TLS/) as string });
    expect(version).toBe('2');
    await pool.destroy();
  });
});

it('an alert after the handshake is named', async () => {
  const { certificate: ca } = await trustedAuthority();
  await using server = await startServer('echo', {
    tls: { ...(await tlsFor()), requestClientCertificate: true },
  });
  const pool = new ConnectionPool({ tls: { ca }, http2: false });
  const error = (await pool
    .dispatch('GET', ['https', 'localhost', server.port, '/'], [], null)
    .catch((thrown: unknown) => thrown)) as HttpCoreError;
  expect(error.name).toBe('ReadError');
  expect(error.message).toMatch(/TLS alert "certificate required"/);
  await pool.destroy();
});
