/**
 * `@x/httpcore/guard`: a guard against server-side request forgery, and the table that it goes by.
 *
 * @packageDocumentation
 */
export { publicOnly } from './public-only.ts';
export type { PublicOnlyOptions } from './public-only.ts';
export { specialNetworks } from './special-networks.ts';
export type { NetworkRow } from './special-networks.ts';
export { AddressRefused } from '../contract/guard.ts';
export type { AddressRefusedInit, Guard, GuardTarget } from '../contract/guard.ts';
