import type {
  ByteIterable,
  CloseOptions,
  Dispatcher,
  DispatchContext,
  DispatchResponse,
  HeaderPair,
  Timeouts,
  UrlParts,
} from '@x/httpcore';

import type { WatchedCall } from './call-span.ts';

/** What a request may tell beside the context of every dispatcher. */
export interface WatchedDispatchContext extends DispatchContext {
  /** The path with names in the place of its values, such as `/users/{id}`: of the span's name, and an attribute. There must be few of them. */
  readonly urlTemplate?: string | undefined;
  /** @internal The call of a client that it is sent for. */
  readonly call?: WatchedCall | undefined;
}

/** As `dispatch` of every dispatcher; the context may say more. */
export type WatchedDispatch = (
  method: string,
  url: UrlParts,
  headers: readonly HeaderPair[],
  body: ByteIterable | null,
  timeouts?: Timeouts,
  context?: WatchedDispatchContext,
) => Promise<DispatchResponse>;

/** A dispatcher with telemetry before it. Closing it closes the dispatcher. */
export class WatchedDispatcher implements Dispatcher {
  readonly dispatch: WatchedDispatch;
  /** What it stands before. */
  readonly dispatcher: Pick<Dispatcher, 'dispatch'>;

  /** @internal Use `telemetry.over(dispatcher)`. */
  constructor(dispatcher: Pick<Dispatcher, 'dispatch'>, dispatch: WatchedDispatch) {
    this.dispatcher = dispatcher;
    this.dispatch = dispatch;
  }

  async close(options?: CloseOptions): Promise<void> {
    await (this.dispatcher as Partial<Dispatcher>).close?.(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.dispatcher as Partial<Dispatcher>)[Symbol.asyncDispose]?.();
  }
}
