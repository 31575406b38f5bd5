/** What keeps a program and the servers it uses alive under load: interceptors, each for itself, and nothing of it in a client that does not ask for it. */
export { rateLimit, type RateLimit, type RateLimitOptions, type RateLimitStats } from './rate-limit.ts';
export {
  circuitBreaker,
  type CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitBreakerStats,
  type RequestOutcome,
} from './circuit-breaker.ts';
export type { BreakerState } from './breaker.ts';
export { hedge, type Hedge, type HedgeOptions, type HedgeStats } from './hedge.ts';
export {
  adaptiveConcurrency,
  type AdaptiveConcurrency,
  type AdaptiveConcurrencyOptions,
  type AdaptiveConcurrencyStats,
  type ConcurrencyState,
} from './adaptive-concurrency.ts';
export { collapse, type Collapse, type CollapseOptions, type CollapseStats } from './collapse.ts';
export { CircuitOpen, NotSent, Overloaded, RateLimited } from './resilience-errors.ts';
export type { KeyedOptions, KeyOf } from './keyed-states.ts';
