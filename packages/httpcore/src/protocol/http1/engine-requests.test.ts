import { describe, expect, it } from 'vitest';

import { LocalProtocolError } from '../../contract/errors.ts';
import { requestFraming } from '../../model/request-framing.ts';
import { Http1Engine } from './engine.ts';
import { RecordingHandler, strictLimits } from './transcript.test-support.ts';

describe('a request', () => {
  const exchange = (
    method: string,
    headers: readonly (readonly [string, string])[],
    body: readonly Uint8Array[] | null,
    trailers = false,
  ) => {
    const handler = new RecordingHandler();
    let written = '';
    const engine = new Http1Engine(
      {
        write: (data) => {
          written += typeof data === 'string' ? data : Buffer.from(data).toString('latin1');
          return true;
        },
      },
      handler,
      strictLimits,
    );
    engine.begin(method, '/path?q', 'example.com:81', headers, requestFraming(method, headers, body, trailers));
    return { engine, handler, written: () => written };
  };

  it('has Host first and nothing else that nobody asked for', () => {
    const { engine, written } = exchange('GET', [['X-A', '1']], null);
    engine.sendEnd(null);
    expect(written()).toBe('GET /path?q HTTP/1.1\r\nhost: example.com:81\r\nX-A: 1\r\n\r\n');
  });

  it("keeps the caller's Host, order and case", () => {
    const { engine, written } = exchange(
      'GET',
      [
        ['B', '2'],
        ['HOST', 'other'],
        ['a', '1'],
      ],
      null,
    );
    engine.sendEnd(null);
    expect(written()).toBe('GET /path?q HTTP/1.1\r\nB: 2\r\nHOST: other\r\na: 1\r\n\r\n');
  });

  it('says that a POST has no body', () => {
    const { engine, written } = exchange('POST', [], null);
    engine.sendEnd(null);
    expect(written()).toContain('\r\ncontent-length: 0\r\n');
  });

  it('counts a list of chunks', () => {
    const { engine, written } = exchange('PUT', [], [Buffer.from('ab'), Buffer.from('c')]);
    engine.sendData(Buffer.from('ab'));
    engine.sendData(Buffer.from('c'));
    engine.sendEnd(null);
    expect(written()).toBe('PUT /path?q HTTP/1.1\r\nhost: example.com:81\r\ncontent-length: 3\r\n\r\nabc');
  });

  it('sends chunks and trailers, and no empty chunk in the middle', () => {
    const { engine, written } = exchange('PUT', [['Transfer-Encoding', 'chunked']], null, true);
    engine.sendData(Buffer.from('hello'));
    engine.sendData(new Uint8Array(0));
    engine.sendEnd([['X-Sum', '1']]);
    expect(written()).toBe(
      'PUT /path?q HTTP/1.1\r\nhost: example.com:81\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n',
    );
  });

  it('refuses more, and less, than was announced', () => {
    const announced = [['Content-Length', '3']] as const;
    const tooMuch = exchange('PUT', announced, [Buffer.from('abc')]);
    expect(() => tooMuch.engine.sendData(Buffer.from('abcd'))).toThrow(LocalProtocolError);
    expect(tooMuch.written()).not.toContain('abcd');
    const tooLittle = exchange('PUT', announced, [Buffer.from('abc')]);
    tooLittle.engine.sendData(Buffer.from('ab'));
    expect(() => tooLittle.engine.sendEnd(null)).toThrow(/announced/);
  });

  it('can be answered before it is sent, and then the connection can not be used again', () => {
    const { engine, handler } = exchange('PUT', [['Content-Length', '3']], [Buffer.from('abc')]);
    engine.receive(Buffer.from('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n'));
    expect(handler.finish()).toEqual(['head 1.1 413 "Too Large" [["Content-Length","0"]] none', 'end []']);
    expect(engine.reusable).toBe(false);
  });

  it('is followed by another on the same connection', () => {
    const { engine, handler } = exchange('GET', [], null);
    engine.sendEnd(null);
    for (let round = 0; round < 3; round += 1) {
      engine.receive(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'));
      expect(engine.reusable).toBe(true);
      engine.begin('GET', '/', 'a', [], requestFraming('GET', [], null, false));
      engine.sendEnd(null);
    }
    expect(handler.finish()).toHaveLength(9);
  });
});

describe('bytes on an idle connection', () => {
  it('are an error, as they can answer nothing', () => {
    const handler = new RecordingHandler();
    const engine = new Http1Engine({ write: () => true }, handler, strictLimits);
    engine.receive(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'));
    engine.receive(Buffer.from('more'));
    expect(handler.finish()).toEqual(['fault RemoteProtocolError UNSOLICITED_BYTES']);
    expect(engine.reusable).toBe(false);
  });
});
