import type { BodyMemory, BodyMemoryWatcher } from '../exchange/body-memory.ts';
import type { Http2Engine } from '../protocol/http2/engine.ts';
import type { Http2Carrier } from './http2-carrier.ts';

/** Has the windows of a connection's streams follow what the pool has for each response. */
export class Http2Windows implements BodyMemoryWatcher {
  readonly #engine: Http2Engine<Http2Carrier>;
  readonly #memory: BodyMemory;

  constructor(engine: Http2Engine<Http2Carrier>, memory: BodyMemory) {
    this.#engine = engine;
    this.#memory = memory;
    memory.watch(this);
  }

  stop(): void {
    this.#memory.unwatch(this);
  }

  /** An idle connection hears of it when it is used again. */
  onShare(): void {
    if (this.#engine.openStreams > 0) this.#resize();
  }

  /** A stream is going to be opened. */
  onOpening(): void {
    if (this.#engine.streamWindow !== this.#memory.streamWindow) this.#resize();
  }

  /** Larger only for who has heard of the last change, or what a peer may send that reads no SETTINGS would have no bound. */
  #resize(): void {
    const window = this.#memory.streamWindow;
    if (window > this.#engine.streamWindow && !this.#engine.isSettled) return;
    this.#engine.resizeStreamWindows(window);
    for (const carrier of this.#engine.tokens()) carrier.onResized();
  }
}
