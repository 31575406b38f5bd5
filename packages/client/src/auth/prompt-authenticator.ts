import type { HeaderPair, ProxiedRequest, ProxyChallenge } from '@x/httpcore';

/** A `ProxyAuthenticator` that has its answers at once, the same on every connection. */
export interface PromptAuthenticator {
  authorize(request: ProxiedRequest): string | undefined;
  challenged(request: ProxiedRequest, challenge: ProxyChallenge): boolean;
  accepted?(request: ProxiedRequest, headers: readonly HeaderPair[]): void;
}
