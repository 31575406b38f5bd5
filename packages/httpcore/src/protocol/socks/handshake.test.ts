import { Buffer } from 'node:buffer';
import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { hex, octets } from '../../../test/support/socks/transcript.ts';
import type { ProxyError } from '../../contract/errors.ts';
import { createSocksHandshake, type SocksHandler, type SocksHandshake } from './socks.ts';

const target = { host: 'example.com', port: 443 };
const granted = octets('05 00 00 01 00 00 00 00 00 00');

function handshake(write: (data: string | Uint8Array, self: SocksHandshake) => void = () => {}, handler: Partial<SocksHandler> = {}) {
  const log: string[] = [];
  const self: SocksHandshake = createSocksHandshake(
    '5',
    target,
    undefined,
    {
      write(data) {
        log.push(`send ${hex(data).slice(0, 8)}`);
        write(data, self);
        return true;
      },
    },
    {
      onEstablished(rest) {
        log.push(`established ${Buffer.from(rest).toString('latin1')}`);
        handler.onEstablished?.(rest);
      },
      onFailed(error: ProxyError, reply) {
        log.push(`failed ${error.code}`);
        handler.onFailed?.(error, reply);
      },
    },
  );
  return { self, log };
}

describe('a SOCKS handshake', () => {
  it('sends nothing before its start, and starts once', () => {
    const { self, log } = handshake();
    expect(log).toEqual([]);
    self.start();
    expect(log).toEqual(['send 05 01 00']);
    expect(() => self.start()).toThrow("A SOCKS handshake can't greet while greeting");
    expect(log).toEqual(['send 05 01 00']);
  });

  it.each([
    ['established', octets('05 00 05 00 00 01 00 00 00 00 00 00'), 'established '],
    ['failed', octets('05 ff'), 'failed PROXY_AUTH_REQUIRED'],
  ])('does nothing more when it is %s', (_state, received, last) => {
    const { self, log } = handshake();
    self.start();
    self.receive(received);
    expect(log.at(-1)).toBe(last);
    const soFar = [...log];
    self.start();
    self.receive(granted);
    self.receiveEnd();
    self.receiveEnd();
    expect(log).toEqual(soFar);
  });

  it('with a proxy that speaks first is over before it begins', () => {
    const { self, log } = handshake();
    self.receive(Buffer.from('SSH-2.0-x\r\n'));
    self.start();
    expect(log).toEqual(['failed PROXY_PROTOCOL']);
  });

  it('with a proxy that is gone is over before it begins', () => {
    const { self, log } = handshake();
    self.receiveEnd();
    self.start();
    expect(log).toEqual(['failed PROXY_CLOSED']);
  });

  it('does not mind empty chunks', () => {
    const { self, log } = handshake();
    self.receive(new Uint8Array(0));
    self.start();
    self.receive(new Uint8Array(0));
    expect(log).toEqual(['send 05 01 00']);
  });

  it('may be answered from inside its own write', () => {
    const answers = [octets('05 00 05 00 00'), octets('01 00 00 00 00 00 00 "early"')];
    const { self, log } = handshake((_data, inner) => inner.receive(answers.shift()!));
    self.start();
    expect(log).toEqual(['send 05 01 00', 'send 05 01 00', 'established early']);
  });

  it('tells its outcome once, even when its handler calls back or throws', () => {
    const again = handshake(undefined, { onEstablished: () => again.self.receiveEnd() });
    again.self.start();
    again.self.receive(Buffer.concat([octets('05 00'), granted, granted]));
    expect(again.log.slice(2)).toEqual([`established ${granted.toString('latin1')}`]);

    const throwing = handshake(undefined, {
      onFailed() {
        throw new Error('of the handler');
      },
    });
    throwing.self.start();
    expect(() => throwing.self.receive(octets('04'))).toThrow('of the handler');
    throwing.self.receive(octets('04'));
    throwing.self.receiveEnd();
    expect(throwing.log.slice(1)).toEqual(['failed PROXY_PROTOCOL']);
  });

  it('shows no credentials when it is inspected, nor in its errors', () => {
    const errors: ProxyError[] = [];
    for (const received of ['05 ff', '05 02 01 01', '05 02 05 00', '05 02']) {
      const one = createSocksHandshake(
        '5',
        target,
        { user: 'someone', password: 'hunter2' },
        { write: () => true },
        { onEstablished: () => {}, onFailed: (error) => void errors.push(error) },
      );
      one.start();
      one.receive(octets(received));
      one.receiveEnd();
      expect(inspect(one, { depth: 9, showHidden: true })).not.toMatch(/someone|hunter2|68 75 6e/);
    }
    expect(errors).toHaveLength(4);
    expect(inspect(errors, { depth: 9, showHidden: true })).not.toMatch(/someone|hunter2|68 75 6e/);
  });
});
