/** What the layers of the chain go by: as the client has it, unless the call says otherwise. */
import type { CallOptions } from './call-options.ts';
import { mergeReadOptions, type ReadSettings } from './read-options.ts';
import { mergeTimeouts, type TimeoutSettings } from './timeout.ts';

export interface CallSettings {
  readonly timeout: TimeoutSettings;
  readonly reading: ReadSettings;
}

/**
 * Those of the client themselves where the call says nothing.
 * @throws {InvalidOption} naming the option.
 */
export function resolveCallSettings(own: CallOptions, client: CallSettings): CallSettings {
  return { timeout: mergeTimeouts(client.timeout, own.timeout), reading: mergeReadOptions(client.reading, own) };
}
