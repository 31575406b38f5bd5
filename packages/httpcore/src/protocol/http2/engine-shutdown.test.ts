import { Buffer } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { EngineHarness } from '../../../test/support/http2/engine-harness.ts';
import { data, goAway, headers, reset, settings } from '../../../test/support/http2/frame-factory.ts';
import { ReadError } from '../../contract/errors.ts';
import { everySplit } from '../../testing/every-split.ts';
import { ErrorCode } from './constants.ts';

const whole = (id: number): Buffer => headers(id, [[':status', '200']], { endStream: true });

function peerWithStreams(count: number): EngineHarness {
  const peer = new EngineHarness();
  for (let opened = 0; opened < count; opened += 1) peer.open('GET', '/');
  peer.clear();
  return peer;
}

describe('GOAWAY from the peer', () => {
  it('takes back the streams above its last one, unprocessed; the others go on', () => {
    everySplit(Buffer.concat([settings(), goAway(3, ErrorCode.NO_ERROR, 'bye'), whole(1), whole(3)]), (pieces) => {
      const peer = peerWithStreams(4);
      peer.receivePieces(pieces);
      expect(peer.events()).toEqual([
        'settings',
        'goaway 3 NO_ERROR',
        'reset 5 H2_NO_ERROR unprocessed',
        'reset 7 H2_NO_ERROR unprocessed',
        'head 1 200 [] end',
        'end 1 []',
        'head 3 200 [] end',
        'end 3 []',
      ]);
      expect(peer.engine.peerLastStreamId).toBe(3);
      expect(peer.engine.capacity).toBe(0);
      expect(peer.engine.isFinished).toBe(false);
      expect(peer.sent()).toEqual(['SETTINGS ACK']);
    });
  });

  it('may come twice, first as a warning (RFC 9113 §6.8)', () => {
    const peer = peerWithStreams(2);
    peer.receive(settings(), goAway(2 ** 31 - 1));
    expect(peer.engine.capacity).toBe(0);
    expect(peer.events()).toEqual(['settings', 'goaway 2147483647 NO_ERROR']);
    peer.receive(goAway(1));
    expect(peer.events()).toEqual(['goaway 1 NO_ERROR', 'reset 3 H2_NO_ERROR unprocessed']);
  });

  it('names its reason in the errors, and the beginning of its debug data as far as it is text', () => {
    const peer = new EngineHarness();
    const stream = peer.open('GET', '/');
    peer.receive(settings(), goAway(0, ErrorCode.ENHANCE_YOUR_CALM, `too\x1b[31m many ${'x'.repeat(1_000)}`));
    expect(stream.token.error).toMatchObject({ code: 'H2_ENHANCE_YOUR_CALM', name: 'RemoteProtocolError' });
    const said = `GOAWAY ENHANCE_YOUR_CALM: "too?[31m many ${'x'.repeat(200 - 14)}"`;
    expect(stream.token.error?.message).toBe(`The server closes the connection (${said}) and did not process this request`);
    expect(stream.token.wasProcessed).toBe(false);
  });

  it('with HTTP_1_1_REQUIRED says so first', () => {
    const peer = peerWithStreams(2);
    peer.receive(settings(), goAway(1, ErrorCode.HTTP_1_1_REQUIRED), whole(1));
    expect(peer.events()).toEqual([
      'settings',
      'http/1.1 required',
      'goaway 1 HTTP_1_1_REQUIRED',
      'reset 3 H2_HTTP_1_1_REQUIRED unprocessed',
      'head 1 200 [] end',
      'end 1 []',
    ]);
  });

  it('with an unknown code is an internal error (RFC 9113 §7)', () => {
    const peer = new EngineHarness();
    const stream = peer.open('GET', '/');
    peer.receive(settings(), goAway(0, 0xdead_beef));
    expect(stream.token.error?.code).toBe('H2_INTERNAL_ERROR');
  });

  it('can not take back a response that is whole', () => {
    const peer = new EngineHarness();
    peer.open('POST', '/', { endStream: false });
    peer.receive(settings(), whole(1), goAway(0, ErrorCode.INTERNAL_ERROR));
    expect(peer.events().slice(2)).toEqual(['end 1 []', 'goaway 0 INTERNAL_ERROR', 'upload stopped 1 INTERNAL_ERROR']);
  });

  it('drops what comes for the streams that it took back', () => {
    const peer = peerWithStreams(1);
    peer.receive(settings(), goAway(0), headers(1, [[':status', '200']]), data(1, 'x'));
    expect(peer.error).toBeUndefined();
    expect(peer.events().slice(2)).toEqual(['reset 1 H2_NO_ERROR unprocessed']);
  });
});

describe('GOAWAY from us', () => {
  it('opens no more streams; those that are open go on', () => {
    const peer = peerWithStreams(1);
    peer.receive(settings());
    peer.clear();
    peer.engine.goAway(ErrorCode.NO_ERROR);
    peer.engine.goAway(ErrorCode.NO_ERROR);
    expect(peer.sent()).toEqual(['GOAWAY 0 NO_ERROR']);
    expect(peer.engine.capacity).toBe(0);
    peer.receive(whole(1));
    expect(peer.events()).toEqual(['head 1 200 [] end', 'end 1 []']);
  });
});

describe('RST_STREAM from the peer', () => {
  it.each([
    [ErrorCode.REFUSED_STREAM, 'reset 1 H2_REFUSED_STREAM unprocessed'],
    [ErrorCode.CANCEL, 'reset 1 H2_CANCEL'],
    [ErrorCode.NO_ERROR, 'reset 1 H2_NO_ERROR'],
    [0x1234, 'reset 1 H2_INTERNAL_ERROR'],
  ])('with code %i is %s', (code, event) => {
    const peer = peerWithStreams(1);
    const before = peer.capacityChanges;
    peer.receive(settings(), reset(1, code));
    expect(peer.events()).toEqual(['settings', event]);
    expect(peer.sent()).toEqual(['SETTINGS ACK']);
    expect(peer.capacityChanges).toBe(before + 2);
  });

  it('with HTTP_1_1_REQUIRED is unprocessed, and said before it is over', () => {
    everySplit(Buffer.concat([settings(), reset(1, ErrorCode.HTTP_1_1_REQUIRED), whole(3)]), (pieces) => {
      const peer = peerWithStreams(2);
      const open: number[] = [];
      peer.onEvent = (event) => {
        if (event === 'http/1.1 required 1') open.push(peer.engine.openStreams);
      };
      peer.receivePieces(pieces);
      expect(peer.events()).toEqual([
        'settings',
        'http/1.1 required 1',
        'reset 1 H2_HTTP_1_1_REQUIRED unprocessed',
        'head 3 200 [] end',
        'end 3 []',
      ]);
      expect(open).toEqual([2]);
      expect(peer.sent()).toEqual(['SETTINGS ACK']);
    });
  });

  it.each([ErrorCode.HTTP_1_1_REQUIRED, ErrorCode.REFUSED_STREAM])('with code %i after the head refuses nothing any more', (code) => {
    const peer = peerWithStreams(1);
    peer.receive(settings(), headers(1, [[':status', '200']]), reset(1, code));
    expect(peer.events().slice(2)).toEqual([expect.stringMatching(/^reset 1 H2_[A-Z_0-9]+$/)]);
  });

  it('in the middle of a response is the end of it', () => {
    const peer = peerWithStreams(1);
    peer.receive(settings(), headers(1, [[':status', '200']]), data(1, 'x'), reset(1, ErrorCode.INTERNAL_ERROR));
    expect(peer.events()).toEqual(['settings', 'head 1 200 []', 'data 1 x', 'reset 1 H2_INTERNAL_ERROR']);
  });

  it('with NO_ERROR in the middle of a response is taken for its end, unless it said that there is more', () => {
    const peer = peerWithStreams(3);
    peer.receive(settings());
    peer.receive(headers(1, [[':status', '200']]), data(1, 'x'), reset(1, ErrorCode.NO_ERROR));
    peer.receive(
      headers(3, [
        [':status', '200'],
        ['content-length', '2'],
      ]),
      data(3, 'xy'),
      reset(3, ErrorCode.NO_ERROR),
    );
    peer.receive(
      headers(5, [
        [':status', '200'],
        ['content-length', '2'],
      ]),
      data(5, 'x'),
      reset(5, ErrorCode.NO_ERROR),
    );
    const events = peer.events();
    expect(events.filter((event) => event.startsWith('end'))).toHaveLength(2);
    expect(events.at(-1)).toBe('reset 5 H2_NO_ERROR');
    expect(peer.engine.openStreams).toBe(0);
  });

  it('stops the upload', () => {
    const peer = new EngineHarness();
    const stream = peer.open('POST', '/', { endStream: false });
    peer.engine.sendData(stream, Buffer.alloc(200_000));
    peer.receive(settings(), reset(1, ErrorCode.CANCEL));
    peer.clear();
    expect(peer.engine.sendData(stream, Buffer.alloc(10))).toBe(true);
    peer.engine.endStream(stream, null);
    expect(peer.sent()).toEqual([]);
    expect(peer.events()).toEqual([]);
  });
});

describe('a stream that we give up', () => {
  it('is told to the peer, and never spoken of again', () => {
    const peer = peerWithStreams(0);
    peer.receive(settings());
    const stream = peer.open('GET', '/');
    peer.clear();
    const before = peer.capacityChanges;
    peer.engine.resetStream(stream, ErrorCode.CANCEL);
    peer.receive(whole(1), reset(1, 0));
    expect(peer.sent()).toEqual(['RST_STREAM 1 CANCEL']);
    expect(peer.events()).toEqual([]);
    expect(peer.capacityChanges).toBe(before + 1);
    expect(peer.engine.openStreams).toBe(0);
  });

  it.each(['head 1 200 []', 'data 1 ', 'informational 1 103 []'])('may be given up from inside "%s"', (when) => {
    everySplit(
      Buffer.concat([
        settings(),
        headers(1, [[':status', '103']]),
        headers(1, [[':status', '200']]),
        data(1, 'abc', { endStream: true }),
        whole(3),
      ]),
      (pieces) => {
        const peer = new EngineHarness();
        const stream = peer.open('GET', '/');
        peer.open('GET', '/');
        peer.clear();
        peer.onEvent = (event) => {
          if (event === when) peer.engine.resetStream(stream, ErrorCode.CANCEL);
        };
        peer.receivePieces(pieces);
        const events = peer.events();
        expect(events).not.toContain('end 1 []');
        expect(events.at(-1)).toBe('end 3 []');
        expect(peer.sent()).toEqual(['SETTINGS ACK', 'RST_STREAM 1 CANCEL']);
      },
    );
  });
});

describe('the end of the transport', () => {
  it('ends every stream with the error that it is given; what was not handed over was not processed', () => {
    const peer = new EngineHarness();
    const sent = peer.open('GET', '/');
    peer.engine.flush();
    const unsent = peer.open('GET', '/');
    peer.clear();
    const error = new ReadError('gone');
    // `clear` has flushed: a third one has not left.
    const waiting = peer.open('POST', '/', { endStream: false });
    const writes = peer.writes.length;
    peer.engine.terminate(error);
    peer.engine.terminate(new ReadError('again'));
    expect(peer.events()).toEqual(['reset 1 READ_FAILED', 'reset 3 READ_FAILED', 'reset 5 READ_FAILED unprocessed']);
    expect([sent, unsent, waiting].map((stream) => stream.token.error)).toEqual([error, error, error]);
    expect(peer.writes).toHaveLength(writes);
    peer.receive(settings());
    expect(peer.events()).toEqual([]);
    expect(peer.engine.isFinished).toBe(true);
  });

  it('after a GOAWAY takes only what that one left', () => {
    const peer = peerWithStreams(2);
    peer.receive(settings(), goAway(1));
    peer.clear();
    peer.engine.terminate(new ReadError('gone'));
    expect(peer.events()).toEqual(['reset 1 READ_FAILED']);
  });

  it('is the end of an upload whose response is whole, and no failure of it', () => {
    const peer = new EngineHarness();
    peer.open('POST', '/', { endStream: false });
    peer.receive(settings(), whole(1));
    peer.clear();
    peer.engine.terminate(new ReadError('gone'));
    expect(peer.events()).toEqual(['upload stopped 1 NO_ERROR']);
  });
});

describe('a PING of ours', () => {
  it('comes back with its number', () => {
    const peer = peerWithStreams(0);
    peer.receive(settings());
    peer.clear();
    peer.engine.ping(7);
    expect(peer.sent()).toEqual(['PING 6c69766500000007']);
    peer.receive(Buffer.from('0000080601000000006c69766500000007', 'hex'));
    expect(peer.events()).toEqual(['pong 7']);
  });
});
