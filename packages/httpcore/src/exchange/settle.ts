import type { DispatchResponse } from '../contract/dispatcher.ts';

/** Settles the promise of a response; a failure is a promise of its own, see `failWithCallerStack`. */
export type Settle = (response: DispatchResponse | Promise<never>) => void;

export let handedOver: Settle;

/** For `new Promise`, which calls it at once: what settles the promise is {@link handedOver} then. One function for all, where each would have a closure. */
export const handOver = (settle: Settle): void => {
  handedOver = settle;
};
