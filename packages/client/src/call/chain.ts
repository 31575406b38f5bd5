/** The chain of a client, with the layers in it that a call has switched on. */
import { layer, type Interceptor, type Send } from './interceptor.ts';
import { Passages, type End, type Passage } from './passage.ts';

/** One place in the chain. A layer that is off is absent, not passed through. */
export type Layer<Settings> = {
  /** Absent for one that is always on. */
  readonly isOn?: (settings: Settings) => boolean;
} & ({ readonly wrap: (next: Send) => Send } | { readonly passage: Passage });

/** Somebody's interceptor. */
export function userLayer(interceptor: Interceptor): Layer<unknown> {
  return { wrap: (next) => layer(interceptor, next) };
}

/** Put together once for each combination of layers: almost always the one that the client itself has. */
export class Chain<Settings> {
  /** Outermost first. */
  readonly #layers: readonly Layer<Settings>[];
  readonly #switches: readonly ((settings: Settings) => boolean)[];
  readonly #transport: End;
  readonly #usual: Settings;
  readonly #usualSend: Send;
  readonly #sends = new Map<number, Send>();

  constructor(layers: readonly Layer<Settings>[], transport: End, usual: Settings) {
    this.#layers = layers;
    this.#switches = layers.flatMap(({ isOn }) => (isOn === undefined ? [] : [isOn]));
    this.#transport = transport;
    this.#usual = usual;
    this.#usualSend = this.#for(usual);
  }

  for(settings: Settings): Send {
    return settings === this.#usual ? this.#usualSend : this.#for(settings);
  }

  #for(settings: Settings): Send {
    let combination = 0;
    for (const isOn of this.#switches) combination = combination * 2 + (isOn(settings) ? 1 : 0);
    let send = this.#sends.get(combination);
    if (send === undefined) this.#sends.set(combination, (send = this.#compose(settings)));
    return send;
  }

  #compose(settings: Settings): Send {
    const present = this.#layers.filter(({ isOn }) => isOn === undefined || isOn(settings));
    let end = this.#transport;
    let together: readonly Passage[] = [];
    for (const one of present.toReversed()) {
      if ('passage' in one) together = [one.passage, ...together];
      else {
        end = Passages.before(one.wrap(new Passages(together, end).send));
        together = [];
      }
    }
    return new Passages(together, end).send;
  }
}
