/** Who watches the calls of a client, and what of a client is watched. */
import type { Dispatcher } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { boolean } from '../options/checks.ts';
import type { CallContext } from '../call/context.ts';
import type { Interceptor } from '../call/interceptor.ts';

/** What a client asks of a telemetry: that it stands around calls, and before dispatchers. An `HttpTelemetry` of `@x/otel` does. */
export interface ClientTelemetry {
  /** Around each call, outside of every other interceptor. */
  readonly aroundCall: Interceptor;
  /**
   * Before a dispatcher, and behind the cache: each request that really is sent. The same dispatcher gives the same one. What it is told beside the
   * context of every dispatcher: {@link WatchedCall}.
   */
  over(dispatcher: Pick<Dispatcher, 'dispatch'>): Pick<Dispatcher, 'dispatch'>;
}

/** What a client tells the telemetry with each request, as a property of the dispatch context. */
export interface WatchedCall {
  readonly call: CallContext;
}

/** Who watches calls, such as `HttpTelemetry` of `@x/otel`. */
export interface TelemetryOptions {
  /**
   * Who watches calls and requests, such as `new HttpTelemetry()` of `@x/otel`; several clients may share one. `null`: nobody, which is the default.
   * @example
   * const client = new Client({ telemetry: new HttpTelemetry() });
   */
  readonly telemetry?: ClientTelemetry | null | undefined;
  /**
   * Adds an entry of the type `resource` to the timeline of `performance` for each call, as the platform's `fetch` does; `PerformanceObserver`s see
   * them. The names are the URLs that were asked for, secrets masked. Default `false`.
   */
  readonly resourceTimings?: boolean | null | undefined;
}

export interface TelemetrySettings {
  readonly telemetry: ClientTelemetry | null;
  readonly resourceTimings: boolean;
}

export const noTelemetry: TelemetrySettings = Object.freeze({ telemetry: null, resourceTimings: false });

/** @throws {InvalidOption} naming the option. */
export function clientTelemetry(inherited: TelemetrySettings, { telemetry, resourceTimings }: TelemetryOptions): TelemetrySettings {
  if (telemetry === undefined && resourceTimings === undefined) return inherited;
  return Object.freeze({
    telemetry: telemetry === undefined ? inherited.telemetry : checked(telemetry),
    resourceTimings:
      resourceTimings === undefined ? inherited.resourceTimings : resourceTimings !== null && boolean('resourceTimings', resourceTimings),
  });
}

function checked(telemetry: ClientTelemetry | null): ClientTelemetry | null {
  if (telemetry === null) return null;
  const { aroundCall, over }: Partial<ClientTelemetry> = Object(telemetry);
  if (typeof aroundCall === 'function' && typeof over === 'function') return telemetry;
  throw new InvalidOption('telemetry', 'must be one, such as new HttpTelemetry() of @x/otel, or null');
}
