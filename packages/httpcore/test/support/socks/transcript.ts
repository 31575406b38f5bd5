/** Runs one handshake and writes down what it sent and what it told its handler. */
import { Buffer } from 'node:buffer';

import type { ProxyError } from '../../../src/contract/errors.ts';
import { createSocksHandshake, type SocksCredentials, type SocksVersion } from '../../../src/protocol/socks/socks.ts';
import { everySplit } from '../../../src/testing/every-split.ts';

export interface Scenario {
  readonly version: SocksVersion;
  /** Default `example.com`. */
  readonly host?: string;
  /** Default 443. */
  readonly port?: number;
  readonly credentials?: SocksCredentials;
  /** Does the proxy end its direction after the bytes? Default `false`. */
  readonly ended?: boolean;
}

export interface Transcript {
  /** `send <hex>`, `established`, `failed <code> <reply>`: one per event. */
  readonly events: readonly string[];
  /** What is the tunnel's: the rest that came with the last reply, and all that came after it. */
  readonly tunnel: string;
  readonly errors: readonly ProxyError[];
}

export function transcriptOf(
  pieces: readonly Uint8Array[],
  { version, host = 'example.com', port = 443, credentials, ended }: Scenario,
): Transcript {
  const events: string[] = [];
  const errors: ProxyError[] = [];
  const tunnel: Uint8Array[] = [];
  let established = false;
  const handshake = createSocksHandshake(
    version,
    { host, port },
    credentials,
    { write: (data) => (events.push(`send ${hex(data)}`), true) },
    {
      onEstablished(rest) {
        established = true;
        tunnel.push(Buffer.from(rest));
        events.push('established');
      },
      onFailed(error, reply) {
        errors.push(error);
        events.push(`failed ${error.code} ${String(reply)}`);
      },
    },
  );
  handshake.start();
  for (const piece of pieces) {
    if (established) tunnel.push(piece);
    const chunk = new Uint8Array(piece);
    handshake.receive(chunk);
    // It was lent for the call only.
    chunk.fill(0xee);
  }
  if (ended === true) handshake.receiveEnd();
  return { events, tunnel: hex(Buffer.concat(tunnel)), errors };
}

/** The transcript of what the proxy sends, which must be the same however it is cut. */
export function transcriptOfEverySplit(received: string, scenario: Scenario): Transcript {
  const bytes = octets(received);
  const whole = transcriptOf([bytes], scenario);
  everySplit(bytes, (pieces) => {
    const { events, tunnel, errors } = transcriptOf(pieces, scenario);
    if (String(events) !== String(whole.events)) throw new Error(`${events.join(', ')} instead of ${whole.events.join(', ')}`);
    if (tunnel !== whole.tunnel) throw new Error(`${tunnel} in the tunnel instead of ${whole.tunnel}`);
    if (String(errors) !== String(whole.errors)) throw new Error(`${String(errors)} instead of ${String(whole.errors)}`);
  });
  return whole;
}

/** `05 00` and so on; what stands between quotes is text. */
export function octets(text: string): Buffer {
  return Buffer.concat(
    Array.from(text.matchAll(/"(?<quoted>[^"]*)"|(?<digits>[0-9a-f]{2})/g), ({ groups }) =>
      groups!['quoted'] === undefined ? Buffer.from(groups!['digits']!, 'hex') : Buffer.from(groups!['quoted']),
    ),
  );
}

export function hex(data: string | Uint8Array): string {
  return Buffer.from(data as Uint8Array)
    .toString('hex')
    .replaceAll(/..(?=.)/g, '$& ');
}
