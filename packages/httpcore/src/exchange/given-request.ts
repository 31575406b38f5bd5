import type { ByteIterable, DispatchContext, HeaderPair, Timeouts } from '../contract/dispatcher.ts';
import type { TraceObserver } from '../contract/trace.ts';
import type { Origin } from '../model/origin.ts';
import type { Forwarding } from '../model/proxy/forwarding.ts';
import type { RequestFraming } from '../model/request-framing.ts';
import { observerOf } from '../observe/diagnostics-channel.ts';

let lastOrder = 0;

/** The request of an exchange, as it was given, and who watches over it. */
export class GivenRequest {
  readonly origin: Origin;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly HeaderPair[];
  readonly body: ByteIterable | null;
  readonly framing: RequestFraming;
  readonly timeouts: Timeouts;
  readonly context: DispatchContext | undefined;
  readonly queuedAt: number;
  /** Its place among all requests: the lower, the earlier. */
  readonly order: number = (lastOrder += 1);
  readonly observer: TraceObserver | null;
  /** `null` where the peer is no proxy that forwards. */
  readonly forwarding: Forwarding | null;

  constructor(
    { forwarding }: { readonly forwarding: Forwarding | null },
    origin: Origin,
    method: string,
    target: string,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    framing: RequestFraming,
    timeouts: Timeouts,
    context: DispatchContext | undefined,
    now: number,
  ) {
    this.forwarding = forwarding;
    this.origin = origin;
    this.method = method;
    this.target = target;
    this.headers = headers;
    this.body = body;
    this.framing = framing;
    this.timeouts = timeouts;
    this.context = context;
    this.queuedAt = now;
    this.observer = observerOf(context?.trace, method, origin.text);
  }
}
