import type { DispatchResponse, InterimResponse } from '../contract/dispatcher.ts';

/** Settles the promise of a response; a failure is a promise of its own, see `failWithCallerStack`. */
export type Settle = (response: DispatchResponse | InterimResponse | Promise<never>) => void;

const nothing: Settle = () => {};
let handedOver: Settle = nothing;

/** For `new Promise`, which calls it at once. One function for all of them, where each would have a closure. */
export const handOver = (settle: Settle): void => {
  handedOver = settle;
};

/** What settles the promise that {@link handOver} was given to last. It is not kept here: it leads to all of a response. */
export function takeSettle(): Settle {
  const settle = handedOver;
  handedOver = nothing;
  return settle;
}
