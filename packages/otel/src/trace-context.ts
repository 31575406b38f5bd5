/** The trace context among the fields of a request. */
import type { Context, TextMapPropagator, TextMapSetter } from '@opentelemetry/api';
import type { HeaderPair } from '@x/httpcore';

import { guarded } from './request-span.ts';

interface Carrier {
  fields: readonly HeaderPair[];
}

/** A field that is there already, of an attempt before or of the caller, gives way: the span of this very request is the parent. */
const setter: TextMapSetter<Carrier> = {
  set(carrier, name, value) {
    const isOther = ([other]: HeaderPair): boolean => other.toLowerCase() !== name.toLowerCase();
    carrier.fields = [...carrier.fields.filter(isOther), [name, value]];
  },
};

export function withTraceContext(
  fields: readonly HeaderPair[],
  context: Context,
  propagator: Pick<TextMapPropagator, 'inject'> | null,
): readonly HeaderPair[] {
  if (propagator === null) return fields;
  const carrier: Carrier = { fields };
  guarded(() => propagator.inject(context, carrier, setter));
  return carrier.fields;
}
