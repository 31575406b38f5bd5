import type { AttemptRecord, TraceObserver } from '@x/client';
import { describe, expect, it } from 'vitest';
import { colourStyle, plainStyle, visibleWidth } from '../style.ts';
import type { Terminal } from '../terminal.ts';
import { drawWaterfall } from './drawn.ts';
import { waterfallOfAttempts } from './of-attempts.ts';
import { waterfallPicture } from './picture.ts';
import { TraceRecorder } from './trace-recorder.ts';
import type { Waterfall } from './waterfall.ts';

const plain: Terminal = { width: 48, style: plainStyle, blocks: false, live: false };

const one: Waterfall = {
  attempts: [
    {
      title: 'GET http://a.test/',
      outcome: '200',
      start: 0,
      end: 12,
      spans: [
        { kind: 'connect', label: 'connect', start: 0, end: 2 },
        { kind: 'tls', label: 'tls', start: 2, end: 8 },
        { kind: 'sent', label: 'sent', start: 8, end: 8 },
        { kind: 'download', label: 'download', start: 8, end: 12 },
      ],
    },
  ],
};

function attempt(method: string, path: string, timings: Partial<AttemptRecord['timings']>, status?: number): AttemptRecord {
  const request = { method, url: path, toJSON: () => ({ method, url: path }) };
  return { request, status, error: undefined, timings: { startedAt: 1_000, total: 0, ...timings } } as unknown as AttemptRecord;
}

describe('a drawn waterfall', () => {
  it('has each bar where its step was', () => {
    expect(drawWaterfall(one, plain)).toEqual([
      '  GET http://a.test/  200',
      '  connect    ####                        2.00 ms',
      '  tls            ############            6.00 ms',
      '  sent                                   0.00 ms',
      '  download                   ########    4.00 ms',
      '  total                                 12.00 ms',
    ]);
  });

  it('draws what is too short to see, at the far end too', () => {
    const spans = [
      { kind: 'first byte', label: 'first byte', start: 0, end: 1000 },
      { kind: 'download', label: 'download', start: 1000, end: 1000.001 },
    ] as const;
    const lines = drawWaterfall({ attempts: [{ title: 'x', outcome: '', start: 0, end: 1000, spans }] }, { ...plain, blocks: true });
    expect(lines[2]).toBe('  download                          ▏    0.00 ms');
  });

  it('puts attempts on one axis', () => {
    const waterfall = waterfallOfAttempts([
      attempt('GET', 'http://a.test/', { startedAt: 1_000, firstByte: 10, total: 10 }, 503),
      attempt('GET', 'http://a.test/', { startedAt: 1_030, firstByte: 10, total: 10, httpVersion: '2' }, 200),
    ]);
    expect(drawWaterfall(waterfall, plain)).toEqual([
      '  GET http://a.test/  503',
      '  first byte ######                     10.00 ms',
      '  total                                 10.00 ms',
      '',
      '  GET http://a.test/  200, HTTP/2',
      '  first byte                   ######   10.00 ms',
      '  total                                 10.00 ms',
    ]);
  });

  it.each([20, 48, 80, 110])('keeps to %i columns, coloured or not, whatever is in a label', (width) => {
    const long = 'connect [2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535';
    const spans = [{ kind: 'connect', label: long, start: 0, end: 12, vain: 'ECONNREFUSED' } as const, ...one.attempts[0]!.spans];
    const waterfall = { attempts: [{ ...one.attempts[0]!, title: 'GET '.padEnd(200, 'x'), spans }] };
    for (const style of [plainStyle, colourStyle]) {
      for (const blocks of [false, true]) {
        for (const line of drawWaterfall(waterfall, { width, style, blocks, live: true })) {
          expect(visibleWidth(line)).toBeLessThanOrEqual(Math.max(width, 34));
        }
      }
    }
  });

  it('of nothing is nothing', () => {
    expect(drawWaterfall({ attempts: [] }, plain)).toEqual([]);
    expect(waterfallPicture({ attempts: [] }, 'nothing')).toMatch(/^<svg [^]*<\/svg>\n$/u);
  });
});

describe('a trace', () => {
  const connection = {} as never;
  const play = (observe: TraceObserver, events: readonly (readonly [string, number, unknown?])[]): void => {
    for (const [name, at, detail] of events) (observe as (name: string, at: number, detail: unknown) => void)(name, at, detail);
  };

  it('shows a race with its losers, what failed, and the steps after it', () => {
    const recorder = new TraceRecorder();
    play(recorder.observe, [
      ['queued', 100],
      ['dns-start', 101, { host: 'a.test' }],
      ['dns-end', 103, { addresses: ['::1', '127.0.0.2', '127.0.0.1'] }],
      ['connect-start', 103, { address: '::1', port: 80 }],
      ['connect-failed', 104, { address: '::1', port: 80, code: 'ECONNREFUSED' }],
      ['connect-start', 104, { address: '127.0.0.2', port: 80 }],
      ['connect-start', 106, { address: '127.0.0.1', port: 80 }],
      ['connect-end', 107, { address: '127.0.0.1', port: 80 }],
      ['proxy-start', 107, { proxy: 'http://p:1' }],
      ['proxy-end', 108, { proxy: 'http://p:1' }],
      ['tls-start', 108, { servername: 'a.test' }],
      ['tls-end', 110, { version: 'TLSv1.3', alpnProtocol: 'h2', resumed: false }],
      ['assigned', 110, { connection, reused: false, streamId: 1 }],
      ['head-sent', 111],
      ['body-sent', 112, { bytes: 4 }],
      ['first-byte', 120],
      ['head-received', 120, { status: 200 }],
      ['body-end', 125, { bytes: 4 }],
    ]);
    const [shown] = recorder.waterfall().attempts;
    expect(shown?.spans.map(({ label, start, end, vain }) => [label, start, end, vain])).toEqual([
      ['queued', 0, 1, undefined],
      ['dns a.test', 1, 3, undefined],
      ['connect [::1]:80', 3, 4, 'ECONNREFUSED'],
      ['connect 127.0.0.2:80', 4, 7, 'lost'],
      ['connect 127.0.0.1:80', 6, 7, undefined],
      ['proxy http://p:1', 7, 8, undefined],
      ['tls a.test', 8, 10, undefined],
      ['sent', 10, 12, undefined],
      ['first byte', 12, 20, undefined],
      ['download', 20, 25, undefined],
    ]);
    expect(shown).toMatchObject({ title: 'request', outcome: '200', start: 0, end: 25 });
  });

  it('begins anew for each hop and for what is sent again, and takes the names from the attempts', () => {
    const recorder = new TraceRecorder();
    play(recorder.observe, [
      ['queued', 0],
      ['assigned', 0, { connection, reused: true, streamId: undefined }],
      ['head-sent', 1],
      ['replayed', 2, { error: new RangeError('gone') }],
      ['assigned', 3, { connection, reused: false, streamId: undefined }],
      ['head-sent', 3],
      ['first-byte', 4],
      ['body-end', 5, { bytes: 0 }],
      ['queued', 40],
      ['dns-start', 41, { host: 'b.test' }],
      ['failed', 43, { error: new TypeError('no such name') }],
    ]);
    const startedAt = performance.timeOrigin;
    const shown = recorder.waterfall([
      attempt('GET', 'http://a.test/', { startedAt }, 302),
      attempt('GET', 'http://b.test/', { startedAt: startedAt + 40 }),
    ]);
    expect(shown.attempts.map(({ title, outcome }) => `${title} ${outcome}`)).toEqual([
      'GET http://a.test/ RangeError, sent again',
      'GET http://a.test/ 302',
      'GET http://b.test/ TypeError',
    ]);
    expect(shown.attempts[2]?.spans.at(-1)).toMatchObject({ label: 'dns b.test', start: 41, end: 43, vain: 'TypeError' });
  });
});

describe('a picture', () => {
  it('is XML whatever is in it, and runs nothing', () => {
    const [first] = one.attempts;
    const hostile = { ...first!, title: `GET http://a.test/?q=<script>alert("x")</script>&b='\u0000\u001B[2J` };
    const svg = waterfallPicture({ attempts: [hostile] }, 'What "a & b" <went> through');
    expect(svg).not.toContain('<script');
    expect(svg.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(svg).toContain('aria-label="What &quot;a &amp; b&quot; &lt;went&gt; through"');
    expect(svg.match(/<rect /gu)).toHaveLength(4);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/u);
  });
});
