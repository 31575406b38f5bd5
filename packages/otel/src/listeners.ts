/** Is there anybody to tell? Libraries have telemetry for whoever may want it: without an SDK, a request is to cost no more for it. */
import { createNoopMeter, propagation, trace, type Meter, type TracerProvider } from '@opentelemetry/api';

import { globalPropagator, type TelemetrySettings } from './telemetry-options.ts';

/** The API's own provider, which says whether an SDK's stands behind it. */
type ProxyProvider = TracerProvider & { getDelegateTracer?(name: string): unknown };

export class Listeners {
  readonly #scope: string;
  readonly #propagates: boolean;
  /** A latch: what was there once is not looked for again. */
  #areThere: boolean;

  constructor({ tracers, propagator, requestHook, responseHook }: TelemetrySettings, meter: Meter, scope: string) {
    const isGlobal = tracers === trace && (propagator === null || propagator === globalPropagator);
    this.#areThere = !isGlobal || meter !== createNoopMeter() || requestHook !== undefined || responseHook !== undefined;
    this.#propagates = propagator !== null;
    this.#scope = scope;
  }

  /** Asked for each request, since an SDK may be started at any time. */
  get areThere(): boolean {
    this.#areThere ||= hasTracer(trace.getTracerProvider(), this.#scope) || (this.#propagates && propagation.fields().length > 0);
    return this.#areThere;
  }
}

/** A provider that says nothing about itself is somebody's. */
function hasTracer(provider: ProxyProvider, scope: string): boolean {
  return typeof provider.getDelegateTracer !== 'function' || provider.getDelegateTracer(scope) !== undefined;
}
