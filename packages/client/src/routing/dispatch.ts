/** The end of the chain, and the only place that calls a dispatcher. */
import { StreamResponse } from '../response/stream-response.ts';
import type { CallContext } from '../call/context.ts';
import { cachedCall, noCache, type CacheSettings } from '../caching/cache-settings.ts';
import { passedBy, type ProxySettings } from '../proxies/proxy-settings.ts';
import type { TelemetrySettings, WatchedCall } from '../telemetry/telemetry-settings.ts';
import type { CallNetwork } from './call-network.ts';
import type { FindRoute } from './routes.ts';
import type { End } from '../call/passage.ts';
import { SourceWatch } from './source-watch.ts';
import { uploadOf, withContentLength } from '../request/upload.ts';

export interface DispatchSettings {
  readonly proxies: ProxySettings;
  readonly caching: CacheSettings;
  readonly network: CallNetwork | undefined;
  readonly watching: TelemetrySettings;
  readonly sensitive: ReadonlySet<string>;
}

export function dispatchBy(route: FindRoute, settingsOf: (context: CallContext) => DispatchSettings): End {
  return (passages) =>
    async function transport(given, context) {
      const request = passages.out(given, context);
      const attempt = context.begin(request);
      let watch: SourceWatch | undefined;
      let response: StreamResponse;
      try {
        const { body: content } = request;
        let fields = request.rawHeaders;
        if (content?.measure !== undefined && content.length === undefined) {
          const length = await content.measure();
          // With trailers it travels in chunks.
          if (request.trailers === undefined) fields = withContentLength(fields, length);
        }
        const { proxies, caching, watching, sensitive, network } = settingsOf(context);
        const ofHop = network?.towards(request.urlParts, context.request.urlParts);
        // A socket is the whole way; a proxy that the call names beside it is a contradiction, and told.
        const isWholeWay = ofHop?.socketPath !== undefined && !proxies.isOfCall;
        const { dispatcher, proxy } = route(request.urlParts, isWholeWay ? passedBy : proxies);
        const { cache, mode } = network?.isPersonal === true ? noCache : caching;
        const { telemetry } = watching;
        const seen = telemetry === null ? dispatcher : telemetry.over(dispatcher);
        const target = cache === null ? seen : cache.over(seen);
        let within = context.dispatchContext(attempt, proxy, ofHop);
        if (content?.onFailure !== undefined) {
          watch = new SourceWatch(content, within.signal);
          within = { ...within, signal: watch.signal };
          attempt.whenOver(watch.release);
        }
        if (cache !== null) Object.assign(within, cachedCall(attempt, mode, sensitive));
        if (telemetry !== null) Object.assign(within, { call: context.root } satisfies WatchedCall);
        const [httpVersion, status, reason, headers, body] = await target.dispatch(
          request.method,
          request.urlParts,
          fields,
          content === null ? null : uploadOf(content, fields, context.onUploadProgress),
          context.timeouts,
          within,
        );
        watch?.stop();
        attempt.status = status;
        attempt.httpVersion = httpVersion;
        attempt.body = body;
        response = new StreamResponse(request, status, reason, httpVersion, headers, attempt, context, body);
      } catch (error) {
        watch?.stop();
        attempt.error = watch === undefined ? error : watch.told(error);
        attempt.end();
        throw attempt.error;
      }
      const handed = passages.back(response, given, context);
      return handed instanceof Promise ? await handed : handed;
    };
}
