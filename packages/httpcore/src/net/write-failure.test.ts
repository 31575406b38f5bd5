import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';

import { outliveWrites } from './write-failure.ts';

it('a write that comes back when its stream has connected is done once, and its caller told', async () => {
  const written: string[] = [];
  let isConnected = false;
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, encoding, done) {
      if (isConnected) {
        written.push(chunk.toString());
        done();
      } else {
        // As Bun's sockets do.
        this.once('connect', () => this._write(chunk, encoding, done));
      }
    },
  });
  outliveWrites(stream, () => expect.unreachable());
  const both = [1, 2].map((n) => new Promise((resolve) => stream.write(`w${n}`, resolve)));
  isConnected = true;
  stream.emit('connect');
  await Promise.all(both);
  expect(written).toEqual(['w1', 'w2']);
  stream.destroy();
});

it('a write that finds the peer gone stays pending, and tells once', async () => {
  const failures: unknown[] = [];
  const stream = new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('gone'), { code: 'EPIPE' }));
    },
  });
  outliveWrites(stream, (error) => failures.push((error as NodeJS.ErrnoException).code));
  let settled = 0;
  stream.write('a', () => (settled += 1));
  stream.write('b', () => (settled += 1));
  await new Promise(setImmediate);
  expect([failures, settled, stream.destroyed]).toEqual([['EPIPE'], 0, false]);
  stream.destroy();
});
