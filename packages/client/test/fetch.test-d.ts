/** `client.fetch` is a `fetch`, and takes one thing more. */
import type { Client, ClientFetch, FetchInit } from '../src/index.ts';

declare const client: Client;
const platform: typeof globalThis.fetch = client.fetch;
const init: FetchInit = { method: 'POST', body: 'x', network: { protocol: 'h2' } };
const fetch: ClientFetch = client.fetch;
void fetch('https://a.test/', init);
void fetch(new URL('https://a.test/'), { network: null });
// @ts-expect-error it has no such member
void fetch('https://a.test/', { network: { socket: '/run/a' } });
// @ts-expect-error the platform's does not know it
void platform('https://a.test/', { network: null });
