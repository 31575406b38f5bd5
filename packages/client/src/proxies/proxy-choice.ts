/** What may be said in the place of one proxy: several, to be tried in order, or a function that says which. */
import type { Proxy } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { readProxy, type ProxyInput } from './proxy.ts';

/**
 * A proxy; `null` for none; or several of these, tried in this order: the next one when a proxy can not be reached, or closes the connection
 * or is silent instead of opening a way. One that answers, if only to refuse, is not passed over.
 */
export type ProxyChoice = ProxyInput | null | readonly (ProxyInput | null)[];

/** What a {@link ProxyFunction} is told beside the URL. */
export interface ProxyQuestion {
  /** Aborts when nobody waits for the answer any longer: the call was aborted, or its time is over. */
  readonly signal: AbortSignal;
}

/**
 * Says by which proxy a request goes. Asked for each request that is sent, so for each hop of a redirect and each retry as well, in the
 * caller's async context. `url` has no credentials and no fragment.
 *
 * @example
 * const client = new Client({ proxy: (url) => (url.hostname.endsWith('.intra.example') ? null : ['http://a.proxy:3128', 'http://b.proxy:3128']) });
 */
export type ProxyFunction = (url: URL, question: ProxyQuestion) => ProxyChoice | Promise<ProxyChoice>;

/** What `proxy` may be. */
export type ProxyOption = ProxyChoice | ProxyFunction;

/** Ways in their order; `null` is the direct one. */
export type Ways = readonly (Proxy | null)[];

/** What is longer is no list of proxies. */
const longestList = 32;

/** @throws {InvalidOption | LocalProtocolError} it is none of the forms. Their messages show no credential. */
export function readWays(choice: ProxyChoice, read: (input: ProxyInput) => Proxy = readProxy): Ways {
  if (choice === null) return [null];
  if (!Array.isArray(choice)) return [read(choice as ProxyInput)];
  if (choice.length === 0) throw new InvalidOption('proxy', 'must not be an empty list; null is for no proxy');
  if (choice.length > longestList) throw new InvalidOption('proxy', `must not be a list of more than ${longestList}`);
  return Array.from(choice as readonly (ProxyInput | null)[], (each) => (each === null ? null : read(each)));
}
