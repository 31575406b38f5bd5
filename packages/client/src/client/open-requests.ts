/** The door of a client for who speaks as to a dispatcher, such as undici's: no options to read, no URL to parse, one response, no signal. */
import type { ByteIterable, DispatchResponse, HeaderPair, InformationalObserver, TrailerSource, UrlParts } from '@x/httpcore';

import { withCaller } from '../call/caller-stack.ts';
import type { Chain } from '../call/chain.ts';
import type { CallContext } from '../call/context.ts';
import type { Lifetime } from '../call/lifetime.ts';
import { openedBody } from '../call/opened-body.ts';
import { untilOver } from '../call/until-over.ts';
import { releaseSources } from '../request/body/sources.ts';
import type { Request } from '../request/request.ts';
import { hrefOf, type RequestBuilder } from '../request/request-builder.ts';
import { messageNames } from '../request/request-options.ts';
import { keepErrorBody } from '../response/error-body.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import type { CallBuilder } from './call-builder.ts';
import { readCallOptions, type CallOptions } from './call-options.ts';
import { settingsOf, type CallSettings } from './call-settings.ts';
import type { InterimObserver, OpenContext, OpenRequest } from './open-request.ts';
import type { StraightCalls } from './straight-calls.ts';

export class OpenRequests {
  readonly #requests: RequestBuilder;
  readonly #calls: CallBuilder;
  readonly #chain: Chain<CallSettings>;
  readonly #lifetime: Lifetime;
  /** Where the client has nothing to do for a call. */
  readonly #straight: StraightCalls | undefined;

  constructor(
    requests: RequestBuilder,
    calls: CallBuilder,
    chain: Chain<CallSettings>,
    lifetime: Lifetime,
    straight: StraightCalls | undefined,
  ) {
    this.#requests = requests;
    this.#calls = calls;
    this.#chain = chain;
    this.#lifetime = lifetime;
    this.#straight = straight;
  }

  /** `url` and `headers` are nobody's to change: where the same ones come again, what was made of them is used again. */
  open(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    silence: number | null | undefined,
    context: OpenContext | undefined,
    interim: InterimObserver,
  ): OpenRequest {
    let hasEntered = false;
    try {
      this.#lifetime.enter();
      hasEntered = true;
      const request = this.#request(method, url, headers, body, context?.trailers);
      if (body === null && context === undefined && silence === undefined) {
        const straight = this.#straight?.open(this.#calls.request(request));
        if (straight !== undefined) return straight;
      }
      const onInformational = interimTo(interim);
      const [call, ending] = this.#calls.open(request, callOptions(silence, context), { trace: context?.trace, onInformational });
      return { response: this.#send(call, context), abort: (reason) => ending.abort(reason) };
    } catch (error) {
      if (hasEntered) this.#lifetime.leave();
      if (body !== null) releaseSources({ body });
      return { response: Promise.reject(withCaller(error) as Error), abort() {} };
    }
  }

  #request(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    trailers: TrailerSource | undefined,
  ): Request {
    if (body === null && trailers === undefined) return this.#requests.again(method, url, headers);
    return this.#requests.build(method, hrefOf(url), { ...messageNames, headers, body, trailers });
  }

  async #send(call: CallContext, context: OpenContext | undefined): Promise<DispatchResponse> {
    try {
      const settings = settingsOf(call);
      const send = this.#chain.for(settings);
      let response: StreamResponse;
      if (send.begin === undefined) {
        const sending = send(call.request, call);
        response = await (this.#calls.mayStay(settings) ? untilOver(call, this.#lifetime, sending, drop) : sending);
      } else {
        const hop = send.begin(call.request, call);
        let answer: DispatchResponse;
        try {
          answer = await hop.dispatched;
        } catch (error) {
          throw hop.failed(error);
        }
        const handed = hop.received(answer);
        response = handed instanceof Promise ? await handed : handed;
      }
      if (settings.throwsOnStatus) response.raiseForStatus();
      const { cache, httpVersion, status, reason, rawHeaders } = response;
      if (cache !== undefined) context?.onCacheOutcome?.(cache);
      return [httpVersion, status, reason, rawHeaders, openedBody(response, call, this.#lifetime)];
    } catch (error) {
      await keepErrorBody(error);
      call.fail(error);
      call.settle();
      this.#lifetime.leave();
      throw withCaller(error);
    }
  }
}

function interimTo(interim: InterimObserver): InformationalObserver {
  return (status, reason, headers) => interim.onInterim(status, reason, headers);
}

function callOptions(silence: number | null | undefined, context: OpenContext | undefined): CallOptions | undefined {
  const cacheMode = context?.cacheMode;
  if (silence === undefined && cacheMode === undefined) return undefined;
  return readCallOptions({ timeout: silence === undefined ? undefined : { read: silence }, cache: cacheMode });
}

/** Nobody waits for it any more. */
function drop(late: StreamResponse): void {
  void late.close();
}
