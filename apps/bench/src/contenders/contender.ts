/** The one shape that all contenders have, and the loops that most of them run in. */
import type { Budget } from '../child/budget.ts';
import type { ExchangeKind, Workload } from '../child/job.ts';
import { DOCUMENT_ID } from '../child/payload.ts';

/** A contender ready to run one workload. */
export interface Runner {
  /** Makes requests, as many at a time as the workload says, until the budget gives no more leave and all have ended. */
  run(this: void, budget: Budget): Promise<void>;
  close(): Promise<void>;
}

/** What every contender module exports under the name `open`. */
export type OpenContender = (workload: Workload) => Promise<Runner>;

/** One request and its answer, checked. */
export type Exchange = () => Promise<void>;

/** Makes a runner of promise-returning exchanges: as many loops as the workload has concurrency. */
export function loopingRunner(
  workload: Workload,
  exchanges: Partial<Readonly<Record<ExchangeKind, Exchange>>>,
  close: () => unknown,
): Runner {
  const exchange = exchanges[workload.exchange];
  if (exchange === undefined) throw new TypeError(`This contender has no exchange of kind "${workload.exchange}".`);
  return {
    async run(budget) {
      const loop = async (): Promise<void> => {
        while (budget.take()) await exchange();
      };
      await Promise.all(Array.from({ length: workload.concurrency }, loop));
    },
    async close() {
      await close();
    },
  };
}

/** A contender got something else than the server sends: its figures would mean nothing. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
}

/** Checks an answer by its status and length. */
export function expectBytes(workload: Workload, status: number, bytes: number): void {
  if (status !== 200 || bytes !== workload.bodyBytes) {
    throw new WrongAnswer(`Expected 200 with ${workload.bodyBytes} bytes, got ${status} with ${bytes}.`);
  }
}

/** Checks a parsed JSON answer. */
export function expectDocument(status: number, document: unknown): void {
  if (status !== 200 || (document as { id?: unknown } | null)?.id !== DOCUMENT_ID) {
    throw new WrongAnswer(`Expected 200 with the document, got ${status} with ${typeof document}.`);
  }
}

/** Checks the answer to an upload: the number of bytes that the server has counted. */
export function expectReceipt(workload: Workload, status: number, text: string): void {
  if (status !== 200 || text !== String(workload.uploadBytes)) {
    throw new WrongAnswer(`Expected a receipt for ${workload.uploadBytes} bytes, got ${status} "${text.slice(0, 80)}".`);
  }
}
