import { InvalidOption } from '../errors.ts';

/** Who watches a call. */
export interface Observers {
  readonly trace?: unknown;
  readonly onInformational?: unknown;
  readonly onUploadProgress?: unknown;
  readonly onDownloadProgress?: unknown;
}

const names = ['trace', 'onInformational', 'onUploadProgress', 'onDownloadProgress'] as const;

/** @throws {InvalidOption} one of them is no function, and would only be found out in the middle of the call. */
export function checkObservers(observers: Observers): void {
  for (const name of names) {
    if (observers[name] !== undefined && typeof observers[name] !== 'function') throw new InvalidOption(name, 'must be a function');
  }
}
