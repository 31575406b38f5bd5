/** The end of the chain, and the only place that calls a dispatcher. */
import type { Dispatcher, DispatchResponse, HeaderPair } from '@x/httpcore';

import { StreamResponse } from '../response/stream-response.ts';
import type { CallContext } from '../call/context.ts';
import type { BackgroundWork } from '../caching/background-work.ts';
import { cachedContext, noCache, type CacheSettings } from '../caching/cache-settings.ts';
import { passedBy, type ProxySettings } from '../proxies/proxy-settings.ts';
import type { TelemetrySettings, WatchedCall } from '../telemetry/telemetry-settings.ts';
import type { CallNetwork } from './call-network.ts';
import type { FindRoute } from './routes.ts';
import type { Attempt } from '../call/attempt.ts';
import type { Hop } from '../call/interceptor.ts';
import type { End, Passages } from '../call/passage.ts';
import type { Request } from '../request/request.ts';
import { SourceWatch } from './source-watch.ts';
import { uploadOf, withContentLength } from '../request/upload.ts';

export interface DispatchSettings {
  readonly proxies: ProxySettings;
  readonly caching: CacheSettings;
  readonly network: CallNetwork | undefined;
  readonly watching: TelemetrySettings;
  readonly sensitive: ReadonlySet<string>;
}

/** `ours` is a pool of the client's, or one that it has from another client. */
export function dispatchBy(
  route: FindRoute,
  settingsOf: (context: CallContext) => DispatchSettings,
  background: BackgroundWork,
  ours?: Pick<Dispatcher, 'dispatch'>,
): End {
  return (passages) => {
    const begin = (given: Request, context: CallContext): Hop =>
      new DispatcherHop(given, context, passages, [route, settingsOf(context), background, ours]);
    const transport = async (given: Request, context: CallContext): Promise<StreamResponse> => {
      const hop = begin(given, context);
      let answer: DispatchResponse;
      try {
        answer = await hop.dispatched;
      } catch (error) {
        throw hop.failed(error);
      }
      const response = hop.received(answer);
      return response instanceof Promise ? await response : response;
    };
    return Object.assign(transport, { begin });
  };
}

/** What decides where it goes, and which dispatcher only listens to signals. */
type Way = readonly [
  route: FindRoute,
  settings: DispatchSettings,
  background: BackgroundWork,
  ours: Pick<Dispatcher, 'dispatch'> | undefined,
];

/** From the passages before the dispatcher to it, and back. */
class DispatcherHop implements Hop {
  readonly dispatched: Promise<DispatchResponse>;
  readonly #given: Request;
  readonly #context: CallContext;
  readonly #passages: Passages;
  readonly #attempt: Attempt;
  #watch: SourceWatch | undefined = undefined;

  constructor(given: Request, context: CallContext, passages: Passages, way: Way) {
    this.#given = given;
    this.#context = context;
    this.#passages = passages;
    this.#attempt = context.begin(passages.out(given, context));
    this.dispatched = this.#begin(way);
  }

  #begin(way: Way): Promise<DispatchResponse> {
    const { body, rawHeaders } = this.#attempt.request;
    if (body?.measure !== undefined && body.length === undefined) {
      this.#context.onDispatched(this.#attempt);
      return this.#measure(body.measure(), way);
    }
    try {
      return this.#dispatch(rawHeaders, way);
    } catch (error) {
      return rejected(error);
    } finally {
      this.#context.onDispatched(this.#attempt);
    }
  }

  async #measure(length: Promise<number | undefined>, way: Way): Promise<DispatchResponse> {
    const { rawHeaders, trailers } = this.#attempt.request;
    // With trailers it travels in chunks.
    const fields = withContentLength(rawHeaders, await length);
    return await this.#dispatch(trailers === undefined ? fields : rawHeaders, way);
  }

  #dispatch(
    fields: readonly HeaderPair[],
    [
      route,
      {
        proxies,
        caching,
        watching: { telemetry },
        sensitive,
        network,
      },
      background,
      ours,
    ]: Way,
  ): Promise<DispatchResponse> {
    const context = this.#context;
    const attempt = this.#attempt;
    const { request } = attempt;
    const { body: content, urlParts } = request;
    const ofHop = network?.towards(urlParts, context.request.urlParts);
    // A socket is the whole way; a proxy that the call names beside it is a contradiction, and told.
    const isWholeWay = ofHop?.socketPath !== undefined && !proxies.isOfCall;
    const { dispatcher, proxy } = route(urlParts, isWholeWay ? passedBy : proxies);
    const { cache, mode } = network?.isPersonal === true ? noCache : caching;
    const seen = telemetry === null ? dispatcher : telemetry.over(dispatcher);
    const target = cache === null ? seen : cache.over(seen);
    let within = context.dispatchContext(attempt, target === ours, proxy, ofHop);
    if (cache !== null) within = cachedContext(within, attempt, mode, context.needsOrigin(attempt), sensitive, background);
    if (content?.onFailure !== undefined) {
      const watch = (this.#watch = new SourceWatch(content, within.signal));
      within = { ...within, signal: watch.signal };
      attempt.whenOver(watch.release);
    }
    if (telemetry !== null) Object.assign(within, { call: context.root } satisfies WatchedCall);
    const upload = content === null ? null : uploadOf(content, fields, context.onUploadProgress);
    return target.dispatch(request.method, urlParts, fields, upload, context.timeouts, within);
  }

  received([httpVersion, status, reason, headers, body]: DispatchResponse): StreamResponse | Promise<StreamResponse> {
    const context = this.#context;
    const attempt = this.#attempt;
    this.#watch?.stop();
    attempt.status = status;
    attempt.httpVersion = httpVersion;
    attempt.body = body;
    const response = new StreamResponse(attempt.request, status, reason, httpVersion, headers, attempt, context, body);
    return this.#passages.back(response, this.#given, context);
  }

  failed(error: unknown): unknown {
    const attempt = this.#attempt;
    if (attempt.status !== undefined) return error;
    this.#watch?.stop();
    attempt.error = this.#watch === undefined ? error : this.#watch.told(error);
    attempt.end();
    return attempt.error;
  }
}

async function rejected(error: unknown): Promise<never> {
  throw error;
}
