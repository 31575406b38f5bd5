import type { LookupFunction } from 'node:net';

import { Client } from '@x/client';
import { Agent, request } from 'undici-7';

/** A client of each kind: one request, whose answer is read. */
export interface Caller {
  call(method: 'GET' | 'POST', url: string): Promise<string>;
  close(): Promise<void>;
}

export type OpenCaller = (lookup: LookupFunction | undefined) => Caller;

function openClient(lookup: LookupFunction | undefined, limits: { maxConnectionAge?: number } = {}): Caller {
  const client = new Client({ lookup, dns: { ttl: 1_000 }, limits });
  return {
    call: async (method, url) => (await client.request(method, url, method === 'POST' ? { body: 'x' } : {})).text(),
    close: () => client.destroy(),
  };
}

function openUndici(lookup: LookupFunction | undefined): Caller {
  const dispatcher = new Agent({ connect: { lookup } });
  return {
    call: async (method, url) => (await request(url, { method, dispatcher, body: method === 'POST' ? 'x' : null })).body.text(),
    close: () => dispatcher.destroy(),
  };
}

export const contenders: readonly { readonly name: string; readonly open: OpenCaller }[] = [
  { name: 'client', open: openClient },
  { name: 'client, maxConnectionAge 5 s', open: (lookup) => openClient(lookup, { maxConnectionAge: 5_000 }) },
  { name: 'undici Agent', open: openUndici },
];
