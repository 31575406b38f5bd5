/** From the arguments of a verb to a call that can be sent. */
import { BasicAuth } from '../auth/basic.ts';
import { CallContext, type CallBudget } from '../call/context.ts';
import { expectManyListeners, JoinedEnding, joinSignals, type AnySignal, type CallSignal, type Ending } from '../call/signals.ts';
import { refuseProxy } from '../proxies/proxy-settings.ts';
import { Request } from '../request/request.ts';
import type { RequestBuilder } from '../request/request-builder.ts';
import { readCallOptions, readRequestOptions, type CallOptions, type RequestOptions } from './call-options.ts';
import { requestUnder, resolveCallSettings, type CallSettings } from './call-settings.ts';
import { checkSignal, type ClientSettings } from './client-settings.ts';
import { checkObservers } from './observers.ts';

type CallObservers = Pick<CallOptions, 'trace' | 'onInformational'>;

export class CallBuilder {
  readonly #settings: ClientSettings;
  readonly #requests: RequestBuilder;
  /** End all calls of the client, where its connections do not. */
  readonly #shutdowns: readonly Ending[];
  /** Is the dispatcher somebody else's? */
  readonly #isForeign: boolean;
  readonly #budget: CallBudget;
  /** What ends a call that says nothing of that; `undefined` where it has to be put together for each. */
  readonly #usualSignal: CallSignal | undefined;

  constructor(settings: ClientSettings, requests: RequestBuilder, shutdowns: readonly Ending[], isForeign: boolean, budget: CallBudget) {
    this.#settings = settings;
    this.#requests = requests;
    this.#shutdowns = shutdowns;
    this.#isForeign = isForeign;
    this.#budget = budget;
    const signals = this.signals(undefined);
    this.#usualSignal = signals.length > 1 ? undefined : joinSignals(signals);
  }

  /**
   * Whatever can throw comes before the signals are joined, which takes listeners. `extra` ends the call, too.
   * @throws {InvalidOption} as the verbs of the client.
   */
  build(
    target: string | Request,
    url: string | URL | undefined,
    options: RequestOptions | CallOptions | undefined,
    extra?: AbortSignal,
  ): CallContext {
    if (target instanceof Request) return this.#context(target, options === undefined ? undefined : readCallOptions(options), extra);
    const own = options === undefined ? undefined : readRequestOptions(options);
    return this.#context(this.#requests.build(target, url!, own), own, extra);
  }

  /** As the client sends it where the call says nothing. */
  request(given: Request): Request {
    return requestUnder(given, this.#settings);
  }

  /** The call of a request that is sent as it is, with these settings of its own, and what ends it. */
  open(given: Request, own: CallOptions | undefined, { trace, onInformational }: CallObservers): readonly [CallContext, JoinedEnding] {
    const settings = own === undefined ? this.#settings : resolveCallSettings(own, this.#settings);
    const request = requestUnder(given, settings);
    const ending = new JoinedEnding(this.signals(undefined));
    return [this.#within(new CallContext(request, settings, ending, trace, onInformational)), ending];
  }

  #context(given: Request, own: CallOptions | undefined, extra: AbortSignal | undefined): CallContext {
    if (own === undefined && extra === undefined && this.#usualSignal !== undefined) {
      return this.#within(new CallContext(requestUnder(given, this.#settings), this.#settings, this.#usualSignal, undefined, undefined));
    }
    if (this.#isForeign) refuseProxy(own?.proxy);
    const settings = own === undefined ? this.#settings : resolveCallSettings(own, this.#settings);
    if (own !== undefined) checkObservers(own);
    const request = requestUnder(given, settings);
    const signals = this.signals(own);
    if (extra !== undefined) signals.push(extra);
    return this.#within(new CallContext(request, settings, joinSignals(signals), own?.trace, own?.onInformational, own?.onUploadProgress));
  }

  #within(call: CallContext): CallContext {
    call.budget = this.#budget;
    return call;
  }

  /** Whatever ends a call. */
  signals(own: CallOptions | undefined): AnySignal[] {
    const { signal } = this.#settings;
    const signals: AnySignal[] = own?.signal === null || signal === undefined ? [...this.#shutdowns] : [...this.#shutdowns, signal];
    if (own?.signal !== undefined && own.signal !== null) signals.push(expectManyListeners(checkSignal(own.signal)));
    return signals;
  }

  /** Is anybody in the chain who might not come back in time, or at all? */
  mayStay({ auth: { auth }, retries }: CallSettings): boolean {
    const { interceptors, networkInterceptors } = this.#settings;
    const isInstant = auth === undefined || auth instanceof BasicAuth;
    return !isInstant || retries !== null || interceptors.length > 0 || networkInterceptors.length > 0;
  }
}
