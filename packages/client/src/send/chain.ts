/** The chain of a client, with the layers in it that a call has switched on. */
import type { CallSettings } from '../options/call-settings.ts';
import { layer, type Interceptor, type Send } from './compose.ts';

/** One place in the chain. A layer that is off is absent, not passed through. */
export interface Layer {
  readonly isOn: (settings: CallSettings) => boolean;
  readonly wrap: (next: Send) => Send;
}

export function always(wrap: Layer['wrap']): Layer {
  return { isOn: () => true, wrap };
}

/** Somebody's interceptor, which is there whatever the call says. */
export function userLayer(interceptor: Interceptor): Layer {
  return always((next) => layer(interceptor, next));
}

/** Put together once for each combination of layers: almost always the one that the client itself has. */
export class Chain {
  /** Outermost first. */
  readonly #layers: readonly Layer[];
  readonly #transport: Send;
  readonly #usual: CallSettings;
  readonly #usualSend: Send;
  readonly #others = new Map<string, Send>();

  constructor(layers: readonly Layer[], transport: Send, usual: CallSettings) {
    this.#layers = layers;
    this.#transport = transport;
    this.#usual = usual;
    this.#usualSend = this.#compose(usual);
  }

  for(settings: CallSettings): Send {
    if (settings === this.#usual) return this.#usualSend;
    const key = this.#layers.map(({ isOn }) => (isOn(settings) ? '1' : '0')).join('');
    let send = this.#others.get(key);
    if (send === undefined) this.#others.set(key, (send = this.#compose(settings)));
    return send;
  }

  #compose(settings: CallSettings): Send {
    return this.#layers.filter(({ isOn }) => isOn(settings)).reduceRight<Send>((next, { wrap }) => wrap(next), this.#transport);
  }
}
