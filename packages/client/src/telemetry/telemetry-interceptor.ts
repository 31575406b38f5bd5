import { layer, type Send } from '../call/interceptor.ts';
import type { CallContext } from '../call/context.ts';
import type { TelemetrySettings } from './telemetry-settings.ts';

/** Lets the telemetry stand around the call. */
export function watchCalls(settingsOf: (context: CallContext) => TelemetrySettings): (next: Send) => Send {
  return (next) =>
    layer(function telemetry(request, context, send) {
      return settingsOf(context).telemetry!.aroundCall(request, context, send);
    }, next);
}
