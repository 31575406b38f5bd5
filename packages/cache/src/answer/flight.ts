/** One exchange that equal requests wait for (RFC 9111 §4, "collapse requests"). */
import { Aborted, DeadlineExceeded, type Dispatcher } from '@x/httpcore';

import { originOf } from '../rules/cache-key.ts';
import { reasonOf, stopListening } from './callers.ts';
import { beforeDeadline } from './deadline.ts';
import type { StoredResponse } from '../store/store.ts';
import type { CacheRequest, Dispatched } from '../cache-request.ts';
import { signatureOf } from './collapsing.ts';
import type { SharedBody } from './shared-body.ts';

/** What is on its way into the store. */
export type Entering = Pick<SharedBody, 'keepOut' | 'stopKeeping' | 'stopUnread' | 'whenSettled'>;

/** How it went, for those who wait. */
export type Landing =
  /** There is a response for all. */
  | { readonly kind: 'shared'; readonly response: StoredResponse; readonly body: SharedBody }
  /** The store has changed, or whoever sent it has given up: look again. */
  | { readonly kind: 'again' }
  /** The response is for one request only. */
  | { readonly kind: 'alone' }
  /** For all who would have asked the same dispatcher. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly dispatcher: Dispatcher };

const noTags: readonly string[] = Object.freeze([]);
const over: Landing = Object.freeze({ kind: 'again' });

export class Flight {
  readonly key: string;
  /** Of the key. */
  readonly hash: number;
  readonly #request: CacheRequest | undefined;
  #signature: string | undefined = undefined;
  /** Another one of the same chain. */
  next: Flight | undefined = undefined;
  #landing: Landing | undefined = undefined;
  #landed: Promise<Landing> | undefined = undefined;
  #resolve: ((landing: Landing) => void) | undefined = undefined;
  /** What it brings must not be kept: an unsafe request has been answered since it left, it has been purged, or the cache is closed. */
  isOutdated = false;
  /** Of what it brings, once that is known. */
  tags: readonly string[] = noTags;
  /** How many tags had been purged when it left. */
  readonly begunAt: number;
  /** Which it was sent by. */
  dispatcher: Dispatcher | undefined = undefined;
  /** What it has brought, on its way into the store. */
  body: Entering | undefined = undefined;
  isOver = false;

  /** Without a request it is found by nobody. */
  constructor(key: string, hash: number, request: CacheRequest | undefined, begunAt: number) {
    this.key = key;
    this.hash = hash;
    this.begunAt = begunAt;
    this.#request = request;
  }

  /** Made when there is a second request of the key: most have no use for it. */
  get signature(): string | undefined {
    return (this.#signature ??= this.#request && signatureOf(this.#request));
  }

  land(landing: Landing): void {
    this.#landing ??= landing;
    this.#resolve?.(this.#landing);
  }

  /** `leaving` gets what resolves when that which it has brought is out of the store again, if it was about to come in. */
  outdate(leaving: Promise<unknown>[]): void {
    this.isOutdated = true;
    const left = this.body?.keepOut();
    if (left !== undefined) leaving.push(left);
  }

  /** Nobody finds it any more, and it leads to nothing: whatever still has it keeps no response in memory. */
  letGo(): void {
    this.isOver = true;
    this.#landing = over;
    this.body = undefined;
    this.tags = noTags;
  }

  /** Does somebody wait for it? */
  get isAwaited(): boolean {
    return this.#landed !== undefined;
  }

  get landing(): Landing | undefined {
    return this.#landing;
  }

  landed(): Promise<Landing> {
    if (this.#landing !== undefined) return Promise.resolve(this.#landing);
    return (this.#landed ??= new Promise((resolve) => (this.#resolve = resolve)));
  }
}

/** Waits no longer than the request that waits may take. */
export function waitWithin<Value>(awaited: Promise<Value>, request: Dispatched): Promise<Value> {
  const { signal, deadline } = request.context ?? {};
  if (signal === undefined && deadline === undefined) return awaited;
  return new Promise((resolve, reject) => {
    const facts = {
      phase: 'response-head',
      method: request.method,
      origin: originOf(request.url[0], request.url[1], request.url[2]),
    } as const;
    const onAbort = (): void => {
      end();
      reject(
        new Aborted('The request was aborted while it waited for the response to an equal one', {
          ...facts,
          cause: reasonOf(signal!),
        }),
      );
    };
    const onDeadline = (): void => {
      end();
      reject(new DeadlineExceeded('The time for the request was over while it waited for the response to an equal one', facts));
    };
    const clear = deadline === undefined ? undefined : beforeDeadline(deadline, onDeadline);
    const end = (): void => {
      clear?.();
      if (signal !== undefined) stopListening(signal, onAbort);
    };
    if (signal?.aborted === true) return onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    awaited.then(
      (value) => {
        end();
        resolve(value);
      },
      (error: Error) => {
        end();
        reject(error);
      },
    );
  });
}
