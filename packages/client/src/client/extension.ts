import type { Lifetime } from '../call/lifetime.ts';
import type { Ending } from '../call/signals.ts';
import type { RetryBudget } from '../retries/retry-budget.ts';
import type { OwnClientOptions } from './client-options.ts';
import type { ClientSettings } from './client-settings.ts';
import type { Connections } from './connections.ts';

/** What `extend()` hands to the new client. */
export class Extension {
  readonly own: OwnClientOptions;
  readonly settings: ClientSettings;
  readonly connections: Connections;
  readonly lifetime: Lifetime;
  readonly shutdowns: readonly Ending[];
  readonly retryBudget: RetryBudget;

  constructor(
    own: OwnClientOptions,
    settings: ClientSettings,
    connections: Connections,
    lifetime: Lifetime,
    shutdowns: readonly Ending[],
    retryBudget: RetryBudget,
  ) {
    this.own = own;
    this.settings = settings;
    this.connections = connections;
    this.lifetime = lifetime;
    this.shutdowns = shutdowns;
    this.retryBudget = retryBudget;
  }
}
