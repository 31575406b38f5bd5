import { Buffer } from 'node:buffer';

import { expect } from 'vitest';

import { everySplit } from '../../../src/testing/every-split.ts';
import { EngineHarness } from './engine-harness.ts';
import { settings } from './frame-factory.ts';

export interface Script {
  readonly requests?: readonly (readonly [method: string, endStream?: boolean])[];
  readonly frames: readonly Uint8Array[];
  readonly events: readonly string[];
  /** What we answer, besides the acknowledgement of SETTINGS. */
  readonly answers?: readonly string[];
}

/** Plays the frames whole and cut in every way; each must give the same events and the same answers. */
export function expectScript({ requests = [['GET']], frames, events, answers = [] }: Script): void {
  everySplit(Buffer.concat([settings(), ...frames]), (pieces) => {
    const peer = new EngineHarness();
    for (const [method, endStream = true] of requests) peer.open(method, method === 'CONNECT' ? 'example.com:443' : '/', { endStream });
    peer.clear();
    peer.receivePieces(pieces);
    expect(peer.events()).toEqual(['settings', ...events]);
    expect(peer.sent()).toEqual(['SETTINGS ACK', ...answers]);
  });
}
