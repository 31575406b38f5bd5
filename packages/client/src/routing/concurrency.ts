/** How many requests run at once, whatever carries them: over HTTP/2 a limit on connections limits nothing. */
import { PoolTimeout, type DispatchContext, type Dispatcher, type HttpCoreError, type Timeouts } from '@x/httpcore';

import { withinCall } from '../call/within-call.ts';
import { connectOf, type Connect } from './connect-of.ts';
import { endingBody } from '../response/ending-body.ts';
import { onceIn } from '../time/limit.ts';

export interface ConcurrencyLimits {
  /** `Infinity`: no limit; so for the other. */
  readonly all: number;
  readonly perOrigin: number;
}

interface Waiter {
  /** Who came first. */
  readonly number: number;
  readonly begin: () => void;
  readonly fail: (error: HttpCoreError) => void;
}

interface Line {
  running: number;
  /** In the order in which they came. */
  readonly waiting: Set<Waiter>;
}

type Dispatch = Dispatcher['dispatch'];

/** A request runs until its response has been read or closed, or has failed. Who has to wait is served in order, past those whose origin is full. */
export class ConcurrencyLimit implements Pick<Dispatcher, 'dispatch'> {
  /** What it stands before. Who watches connections looks here for them. */
  readonly dispatcher: Pick<Dispatcher, 'dispatch'>;
  /** Connections without HTTP on them are no requests, and none of them waits. */
  readonly connect: Connect | undefined;
  readonly #limits: ConcurrencyLimits;
  readonly #lines = new Map<string, Line>();
  #running = 0;
  #numbers = 0;

  constructor(dispatcher: Pick<Dispatcher, 'dispatch'>, limits: ConcurrencyLimits) {
    this.dispatcher = dispatcher;
    this.connect = connectOf(dispatcher);
    this.#limits = limits;
  }

  async dispatch(...request: Parameters<Dispatch>): ReturnType<Dispatch> {
    const [method, [scheme, host, port], , , timeouts, context] = request;
    const origin = `${scheme}://${host}:${port ?? ''}`;
    if (!this.#begin(origin)) await this.#turn(origin, method, timeouts, context);
    let isOver = false;
    const end = (): void => {
      if (!isOver) this.#end(origin);
      isOver = true;
    };
    try {
      const [version, status, reason, headers, body] = await this.dispatcher.dispatch(...request);
      if (body.trailers !== undefined) end();
      return [version, status, reason, headers, isOver ? body : endingBody(body, { onRead() {}, onEnd: end })];
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Nobody who waits is served any more. */
  refuse(error: HttpCoreError): void {
    for (const { waiting } of this.#lines.values()) for (const waiter of waiting) waiter.fail(error);
  }

  #begin(origin: string): boolean {
    let line = this.#lines.get(origin);
    if (line === undefined) this.#lines.set(origin, (line = { running: 0, waiting: new Set() }));
    if (this.#running >= this.#limits.all || line.running >= this.#limits.perOrigin) return false;
    line.running += 1;
    this.#running += 1;
    return true;
  }

  async #turn(origin: string, method: string, timeouts: Timeouts | undefined, context: DispatchContext | undefined): Promise<void> {
    const { waiting } = this.#lines.get(origin)!;
    let own: Waiter | undefined;
    let isServed = false;
    const turn = new Promise<void>((begin, fail) => {
      own = { number: (this.#numbers += 1), begin, fail };
      waiting.add(own);
    }).then(() => {
      isServed = true;
    });
    const patience = timeouts?.[3] ?? null;
    const cancel =
      patience === null
        ? undefined
        : onceIn(patience, () => {
            const problem = `No request ended within ${patience} ms, while as many run as limits.maxConcurrency or .maxConcurrencyPerOrigin permits`;
            own!.fail(new PoolTimeout(problem, { phase: 'pool', method, origin }));
          });
    try {
      await withinCall({ signal: context?.signal, deadline: context?.deadline }, turn);
    } catch (error) {
      // Its turn may have come in the same moment.
      waiting.delete(own!);
      this.#tidy(origin);
      void turn.then(
        () => isServed && this.#end(origin),
        () => {},
      );
      throw error;
    } finally {
      cancel?.();
    }
  }

  #end(origin: string): void {
    this.#running -= 1;
    this.#lines.get(origin)!.running -= 1;
    const next = this.#next();
    if (next !== undefined) {
      next.line.waiting.delete(next.waiter);
      next.line.running += 1;
      this.#running += 1;
      next.waiter.begin();
    }
    this.#tidy(origin);
  }

  #tidy(origin: string): void {
    const line = this.#lines.get(origin);
    if (line?.running === 0 && line.waiting.size === 0) this.#lines.delete(origin);
  }

  #next(): { readonly line: Line; readonly waiter: Waiter } | undefined {
    let next: { readonly line: Line; readonly waiter: Waiter } | undefined;
    for (const line of this.#lines.values()) {
      if (line.running >= this.#limits.perOrigin) continue;
      const [waiter] = line.waiting;
      if (waiter !== undefined && (next === undefined || waiter.number < next.waiter.number)) next = { line, waiter };
    }
    return next;
  }
}
