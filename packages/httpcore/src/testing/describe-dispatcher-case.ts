/** What the groups of the conformance suite are written in. */
import assert from 'node:assert/strict';

import type { Dispatcher, DispatchContext, DispatchResponse, ResponseBody } from '../contract/dispatcher.ts';
import type { ByteIterable, HeaderPair, Timeouts } from '../contract/values.ts';
import type { Application } from '../in-process/application.ts';
import { HttpCoreError } from '../contract/errors.ts';

/** What HTTP has and not every way to an application can carry. */
export interface DispatcherCapabilities {
  /** Names of fields keep their letter case. HTTP/2 has none. Default `true`. */
  readonly fieldCase: boolean;
  /** Request fields keep their order, and duplicates stay apart. Default `true`. */
  readonly requestFieldOrder: boolean;
  /** Response fields do. Duplicates of `Set-Cookie` must stay apart in any case. Default `true`. */
  readonly responseFieldOrder: boolean;
  /** Responses have a reason phrase. HTTP/2 has none. Default `true`. */
  readonly reason: boolean;
  /** Default `true`. */
  readonly requestTrailers: boolean;
  /** Default `true`. */
  readonly responseTrailers: boolean;
  /** 1xx responses reach `onInformational`. Default `true`. */
  readonly informational: boolean;
  /** `Expect: 100-continue` holds the body back. Default `true`. */
  readonly expectContinue: boolean;
  /** The target `*` arrives. Default `true`. */
  readonly asteriskTarget: boolean;
  /** A target that is an absolute URI arrives whole. HTTP/2 takes it apart. Default `true`. */
  readonly absoluteTarget: boolean;
  /** `/a/../b` arrives as it was given. Default `true`. */
  readonly dotSegments: boolean;
  /** 101 Switching Protocols gives a `DuplexBody`. Default `true`. */
  readonly upgrades: boolean;
}

export type DispatcherCapability = keyof DispatcherCapabilities;

/** A dispatcher from which an application can be reached. */
export interface DispatcherSubject {
  readonly dispatcher: Dispatcher;
  /** Where the application is: the first three of `UrlParts`. */
  readonly origin: readonly [scheme: string, host: string, port: number | null];
  /** Stops what was started for it. The dispatcher itself is closed by the suite. */
  close?(): Promise<void>;
}

export interface SendOptions {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly HeaderPair[];
  readonly body?: ByteIterable | null;
  readonly timeouts?: Timeouts;
  readonly context?: DispatchContext;
}

/** Long enough that only a hang reaches them. */
export const patience: Timeouts = [8_000, 8_000, 8_000, 8_000];

/** A subject within one test. */
export class Reach {
  readonly dispatcher: Dispatcher;
  readonly origin: DispatcherSubject['origin'];

  constructor({ dispatcher, origin }: DispatcherSubject) {
    this.dispatcher = dispatcher;
    this.origin = origin;
  }

  send({
    method = 'GET',
    target = '/',
    headers = [],
    body = null,
    timeouts = patience,
    context,
  }: SendOptions = {}): Promise<DispatchResponse> {
    return this.dispatcher.dispatch(method, [...this.origin, target], headers, body, timeouts, context);
  }
}

/** Makes an application reachable for the rest of the test. */
export type ReachFor = (application: Application) => Promise<Reach>;

export interface ConformanceCase {
  readonly name: string;
  /** Without it, the case is expected to fail. */
  readonly needs?: DispatcherCapability;
  run(reach: ReachFor): Promise<void>;
}

export interface ConformanceGroup {
  readonly title: string;
  readonly cases: readonly ConformanceCase[];
}

/** Something that one side of a test waits for until the other lets it go. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Never settles by itself. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

export async function readText(body: ResponseBody): Promise<string> {
  return textOf(await body.bytes());
}

/** Bytes that tell where they belong, so that a lost or doubled piece shows. */
export function patternBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) bytes[index] = (index * 31 + (index >> 8) * 7 + (index >> 16)) & 0xff;
  return bytes;
}

export function* slices(bytes: Uint8Array, size: number): Generator<Uint8Array, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length, 'length');
  assert.ok(Buffer.compare(actual, expected) === 0, 'the bytes differ');
}

interface ErrorClass {
  new (...args: never[]): HttpCoreError;
}

/** The error that a promise rejects with, checked to be one of the given classes and, where given, to have the code. */
export async function assertRejects(
  promise: Promise<unknown>,
  classes: ErrorClass | readonly ErrorClass[],
  code?: string,
): Promise<HttpCoreError> {
  let error: unknown;
  try {
    await promise;
  } catch (caught) {
    error = caught;
  }
  assert.ok(error !== undefined, 'it was fulfilled, and should have been rejected');
  const expected = [classes].flat() as readonly ErrorClass[];
  assert.ok(
    error instanceof HttpCoreError && expected.some((each) => error instanceof each),
    `it was rejected with ${error instanceof Error ? error.toString() : typeof error} instead of ${expected.map(({ name }) => name).join(' or ')}`,
  );
  if (code !== undefined) assert.equal(error.code, code);
  return error;
}

/** What programs throw that can hardly be looked at, and what is to be caught of it. */
export function unreadable(): readonly (readonly [what: string, thrown: unknown])[] {
  const withMessage = (message: unknown): Error => Object.defineProperty(new Error('message'), 'message', { value: message });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const throwing = Object.defineProperty(new Error('message'), 'message', {
    get() {
      throw new Error('of the getter');
    },
  });
  class Unready extends HttpCoreError {
    override withFacts(): never {
      throw new Error('of a class of its own');
    }
  }
  return [
    ['undefined', undefined],
    ['a symbol', Symbol('thrown')],
    ['an object without a prototype', Object.create(null)],
    ['an error whose message throws', throwing],
    ['an error whose message is a symbol', withMessage(Symbol('message'))],
    ['a revoked proxy', revoked.proxy],
    ['a frozen error of ours', Object.freeze(new HttpCoreError('frozen'))],
    ['an error of ours with facts of its own', new Unready('unready')],
  ];
}

/** Those of the pairs whose names begin with `x-`: what a test sent, without what a connection added. */
export function ownFields(pairs: readonly HeaderPair[]): HeaderPair[] {
  return pairs.filter(([name]) => /^x-/i.test(name)).map(([name, value]) => [name, value]);
}

/** Waits until a count stays the same for a while: what there is to be buffered is full. */
export async function settled(count: () => number): Promise<number> {
  let last = -1;
  for (let unchanged = 0; unchanged < 200;) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    const now = count();
    unchanged = now === last ? unchanged + 1 : 0;
    last = now;
  }
  return last;
}
