import assert from 'node:assert/strict';

import type { DispatchContext } from '../contract/dispatcher.ts';
import type { ByteIterable, HeaderPair, Timeouts, UrlParts } from '../contract/values.ts';
import { Aborted, DeadlineExceeded, LocalProtocolError, UnsupportedProtocol, type HttpCoreError } from '../contract/errors.ts';
import { assertRejects, bytesOf, patience, type ConformanceGroup, type ReachFor } from './describe-dispatcher-case.ts';

type Arguments = [
  method: string,
  url: UrlParts,
  headers: readonly HeaderPair[],
  body: ByteIterable | null,
  timeouts?: Timeouts,
  context?: DispatchContext,
];

/** Changes one argument of a good request; typed loosely, as callers in JavaScript are. */
type Spoil = (good: Arguments) => readonly unknown[];

const secret = 'hunter2';

const method =
  (value: unknown): Spoil =>
  ([, ...rest]) => [value, ...rest];
const url =
  (change: (good: UrlParts) => readonly unknown[]): Spoil =>
  ([first, good, ...rest]) => [first, change(good), ...rest];
const target = (value: unknown): Spoil => url(([scheme, host, port]) => [scheme, host, port, value]);
const host = (value: unknown): Spoil => url(([scheme, , port, path]) => [scheme, value, port, path]);
const port = (value: unknown): Spoil => url(([scheme, name, , path]) => [scheme, name, value, path]);
const headers =
  (...pairs: unknown[]): Spoil =>
  ([first, second, , ...rest]) => [first, second, pairs, ...rest];
const timeouts =
  (value: unknown): Spoil =>
  ([first, second, third, body]) => [first, second, third, body, value];
const context =
  (value: unknown): Spoil =>
  ([first, second, third, body, limits]) => [first, second, third, body, limits, value];

// What could end a line early, hide a part of it, or not be written as one octet.
const controls = ['\r', '\n', '\r\n', '\0', '\u0001', '\u007f'];

async function assertRefused(reachFor: ReachFor, code: string, spoils: readonly Spoil[]): Promise<void> {
  let calls = 0;
  const reach = await reachFor(() => {
    calls += 1;
    return { status: 200 };
  });
  for (const spoil of spoils) {
    const good: Arguments = ['POST', [...reach.origin, '/'], [['x-good', 'yes']], [bytesOf('body')], patience];
    const error = await assertRejects(dispatch(reach.dispatcher, spoil(good)), LocalProtocolError, code);
    assertUnsent(error);
  }
  assert.equal(calls, 0, 'the application was called');
}

function dispatch(dispatcher: { dispatch(...args: Arguments): Promise<unknown> }, args: readonly unknown[]): Promise<unknown> {
  // Never thrown: whoever only catches rejections must not be surprised.
  return dispatcher.dispatch(...(args as Arguments));
}

function assertUnsent(error: HttpCoreError): void {
  assert.equal(error.requestSent, false);
  assert.equal(error.phase, 'request');
  assert.ok(!error.message.includes(secret), 'the message shows what could be a secret');
}

/** What is refused before anything is sent. */
export const requestArguments: ConformanceGroup = {
  title: 'arguments that are refused before anything is sent',
  cases: [
    {
      name: 'methods that are no tokens',
      run: (reachFor) =>
        assertRefused(reachFor, 'INVALID_METHOD', [
          ...['', 'GE T', 'GET ', 'GET:', 'G\u00c9T', 42, null, undefined].map(method),
          ...controls.map((control) => method(`GET${control}X`)),
        ]),
    },
    {
      name: 'targets that would not stay in their line',
      run: (reachFor) =>
        assertRefused(reachFor, 'INVALID_TARGET', [
          ...['', '/a b', '/ HTTP/1.1', '/caf\u00e9', '/\u20ac', 42, null, undefined].map(target),
          ...controls.map((control) => target(`/${control}x`)),
          target(`/\r\nx: ${secret}`),
        ]),
    },
    {
      name: 'names of fields that are no tokens',
      run: (reachFor) =>
        assertRefused(reachFor, 'INVALID_HEADER_NAME', [
          ...['', 'a b', 'a:', ':a', 'n\u00e4me', 'a,b', 42, null, undefined].map((name) => headers([name, secret])),
          ...controls.map((control) => headers([`a${control}b`, secret])),
          headers(['x-good', 'yes'], 'x-bad: no'),
          headers(['x-alone']),
          headers(['x', 'a', 'b']),
          headers(['host', 'a.example'], ['Host', 'b.example']),
        ]),
    },
    {
      name: 'field values with controls, or beyond Latin-1',
      run: (reachFor) =>
        assertRefused(reachFor, 'INVALID_HEADER_VALUE', [
          ...['\u0100', '\u20ac', '\ud83d\ude00', '\u010d\u010a'].map((part) => headers(['authorization', secret + part])),
          ...controls.map((control) => headers(['authorization', `${secret}${control}x`])),
          ...[42, null, undefined, ['a'], { toString: () => 'a' }].map((value) => headers(['x-value', value])),
        ]),
    },
    {
      name: 'framing that contradicts itself',
      run: (reachFor) =>
        assertRefused(reachFor, 'INVALID_FRAMING', [
          headers(['content-length', '4'], ['transfer-encoding', 'chunked']),
          headers(['content-length', '4'], ['Content-Length', '4']),
          ...['', '-4', '+4', '4.0', '0x4', '4, 4', '99999999999999999999'].map((value) => headers(['content-length', value])),
          headers(['transfer-encoding', 'gzip']),
          headers(['transfer-encoding', 'chunked, gzip']),
        ]),
    },
    {
      name: 'what is in the context and is not what it is taken for',
      run: (reachFor) =>
        assertRefused(reachFor, 'INVALID_OPTION', [
          ...[{}, null, 'now', new EventTarget(), { aborted: false }].map((signal) => context({ signal })),
          ...[Number.NaN, '1000', null, new Date()].map((deadline) => context({ deadline })),
          ...[null, {}, 'log'].flatMap((observer) => [context({ trace: observer }), context({ onInformational: observer })]),
          ...[null, {}, 'x: y'].map((trailers) => context({ trailers })),
          ...[null, 42].flatMap((name) => [context({ protocol: name }), context({ servername: name })]),
        ]),
    },
    {
      name: 'hosts that are none',
      run: (reachFor) =>
        assertRefused(reachFor, 'INVALID_HOST', [
          ...[
            '',
            'a b',
            'a/b',
            'a?b',
            'a#b',
            `user:${secret}@a`,
            'a:80',
            'b\u00fccher.example',
            '[::1',
            '[a.example]',
            42,
            null,
            undefined,
          ].map(host),
          ...controls.map((control) => host(`a${control}b`)),
        ]),
    },
    {
      name: 'ports that are none',
      run: (reachFor) => assertRefused(reachFor, 'INVALID_PORT', [0, -1, 65_536, 1.5, NaN, Infinity, '80', undefined].map(port)),
    },
    {
      name: 'limits that are no times',
      run: (reachFor) =>
        assertRefused(
          reachFor,
          'INVALID_OPTION',
          [
            [1, 2, 3],
            [1, 2, 3, 4, 5],
            [-1, null, null, null],
            [null, NaN, null, null],
            [null, null, '5', null],
            [null, null, null, undefined],
            5,
            null,
          ].map(timeouts),
        ),
    },
    {
      name: 'schemes that are not spoken',
      async run(reachFor) {
        let calls = 0;
        const reach = await reachFor(() => {
          calls += 1;
          return { status: 200 };
        });
        const [, name, number] = reach.origin;
        for (const scheme of ['', 'ftp', 'ws', 'file', 'HTTP', 'http:', 'javascript']) {
          const error = await assertRejects(reach.dispatcher.dispatch('GET', [scheme, name, number, '/'], [], null), UnsupportedProtocol);
          assertUnsent(error);
        }
        assert.equal(calls, 0);
      },
    },
    {
      name: 'signals that have aborted and deadlines that have passed',
      async run(reachFor) {
        let calls = 0;
        const reach = await reachFor(() => {
          calls += 1;
          return { status: 200 };
        });
        const reason = new Error('changed my mind');
        const aborted = await assertRejects(reach.send({ context: { signal: AbortSignal.abort(reason) } }), Aborted);
        assert.equal(aborted.cause, reason);
        assertUnsent(aborted);
        assertUnsent(await assertRejects(reach.send({ context: { deadline: performance.now() - 1 } }), DeadlineExceeded));
        assert.equal(calls, 0);
      },
    },
  ],
};
