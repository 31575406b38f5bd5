/**
 * undici at its leanest: a pool of one origin and a bare handler that only counts, without any promise. For uploads and
 * downloads as well.
 */
import type { Agent, Dispatcher } from 'undici-8';
import type { Budget } from '../child/budget.ts';
import { workloadUrl, type Workload } from '../child/job.ts';
import { installedPeer } from '../child/peers.ts';
import { uploadChunks } from '../child/payload.ts';
import { expectBytes, expectDocument, expectReceipt, type OpenContender, type Runner } from './contender.ts';
import { loadUndici, undiciOptions } from './undici.ts';

type Settle = (error: Error | null) => void;

/** What both generations of handlers do with an answer. */
class Answer {
  status = 0;
  received = 0;
  readonly #workload: Workload;
  readonly #settle: Settle;
  /** Only for answers whose content matters: the bare handler of the small scenario allocates nothing beyond itself. */
  readonly #chunks: Buffer[] | null;

  constructor(workload: Workload, settle: Settle) {
    this.#workload = workload;
    this.#settle = settle;
    this.#chunks = workload.exchange === 'json' || workload.exchange === 'upload' ? [] : null;
  }

  data(chunk: Buffer): void {
    this.received += chunk.length;
    this.#chunks?.push(chunk);
  }

  end(): void {
    try {
      this.#check();
    } catch (error) {
      this.#settle(error as Error);
      return;
    }
    this.#settle(null);
  }

  fail(error: Error): void {
    this.#settle(error);
  }

  #check(): void {
    if (this.#workload.exchange === 'json') expectDocument(this.status, JSON.parse(this.#text()));
    else if (this.#workload.exchange === 'upload') expectReceipt(this.#workload, this.status, this.#text());
    else expectBytes(this.#workload, this.status, this.received);
  }

  #text(): string {
    const chunks = this.#chunks ?? [];
    const [first] = chunks;
    return first !== undefined && chunks.length === 1 ? first.toString() : Buffer.concat(chunks).toString();
  }
}

/** undici 7 calls these directly; a handler of the newer kind would be wrapped there, and cost more. */
class LegacyHandler extends Answer {
  onConnect(): void {}

  onHeaders(status: number): boolean {
    this.status = status;
    return true;
  }

  onData(chunk: Buffer): boolean {
    this.data(chunk);
    return true;
  }

  onComplete(): void {
    this.end();
  }

  onError(error: Error): void {
    this.fail(error);
  }
}

class ControllerHandler extends Answer {
  onRequestStart(): void {}

  onResponseStart(_controller: unknown, status: number): void {
    this.status = status;
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.data(chunk);
  }

  onResponseEnd(): void {
    this.end();
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.fail(error);
  }
}

export const open: OpenContender = async (workload) => openOn(undiciOptions(workload), workload);

export async function openOn(options: Agent.Options, workload: Workload): Promise<Runner> {
  const undici = await loadUndici();
  const { origin } = new URL(workloadUrl(workload));
  const pool = new undici.Pool(origin, options);
  const Handler = installedPeer('undici') === 'undici-7' ? LegacyHandler : ControllerHandler;
  const uploads = workload.exchange === 'upload';
  const headers = uploads ? { 'content-length': String(workload.uploadBytes) } : null;

  const request = (): Dispatcher.DispatchOptions => ({
    path: workload.target,
    method: uploads ? 'POST' : 'GET',
    headers,
    // The published type leaves out the iterables that the documentation promises.
    body: uploads ? (uploadChunks(workload.uploadBytes) as unknown as Buffer) : null,
  });

  return {
    run(budget: Budget): Promise<void> {
      return new Promise((resolve, reject) => {
        let running = workload.concurrency;
        const next = (error: Error | null): void => {
          if (error !== null) {
            budget.stop();
            reject(error);
          } else if (budget.take()) {
            pool.dispatch(request(), new Handler(workload, next) as unknown as Dispatcher.DispatchHandler);
          } else if (--running === 0) {
            resolve();
          }
        };
        for (let lane = 0; lane < workload.concurrency; lane++) next(null);
      });
    },
    close: () => pool.close(),
  };
}
