/** Whether a status that tells of an error is one: what the caller says, and what follows. */
import { boolean } from '../options/checks.ts';

/** Whether a status of 400 and more is an error by itself. */
export interface StatusOptions {
  /**
   * Statuses of 400 or more fail the call with `HTTPStatusError`, as `raiseForStatus()` does, once retries and redirects are through. Not for
   * `client.fetch`, which answers as the platform's. Default `false`.
   */
  readonly throwOnStatus?: boolean | null | undefined;
}

/** @throws {InvalidOption} it is no boolean. */
export function mergeStatusOptions(inherited: boolean, { throwOnStatus }: StatusOptions): boolean {
  return throwOnStatus === undefined ? inherited : throwOnStatus !== null && boolean('throwOnStatus', throwOnStatus);
}
