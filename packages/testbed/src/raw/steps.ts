/** The vocabulary of raw scripts. A step of your own is any function of the peer. */
import type { Gate } from '../gate.ts';
import type { RawPeer, SendOptions } from './raw-peer.ts';

export type RawStep = (peer: RawPeer) => void | Promise<unknown>;

/** Waits for a request head. */
export function receiveHead(): RawStep {
  return (peer) => peer.head();
}

/** Waits for a request head and the body that it announces (Content-Length or chunked). */
export function receiveRequest(): RawStep {
  return (peer) => peer.request();
}

/** Waits for this many bytes. */
export function receiveBytes(count: number): RawStep {
  return (peer) => peer.bytes(count);
}

/** Waits until this text has come. */
export function receiveUntil(mark: string | RegExp): RawStep {
  return (peer) => peer.until(mark);
}

/** Sends bytes, or text as Latin-1, as they are. */
export function send(data: string | Uint8Array, options?: SendOptions): RawStep {
  return (peer) => peer.send(data, options);
}

/** Waits until the test opens the gate, or the client goes away. */
export function waitFor(gate: Gate): RawStep {
  return (peer) => Promise.race([gate.opened, peer.ended]);
}

/** Ends our side of the connection (FIN). */
export function close(): RawStep {
  return (peer) => peer.close();
}

/** Drops the TCP connection below TLS, without a close_notify. */
export function cut(): RawStep {
  return (peer) => peer.cut();
}

/** Resets the connection (RST). */
export function reset(): RawStep {
  return (peer) => peer.reset();
}

/** Does nothing more until the client goes away. */
export function hang(): RawStep {
  return (peer) => peer.ended;
}

/** The steps over and over, until the client goes away: a keep-alive connection. */
export function forever(...steps: readonly RawStep[]): RawStep {
  return async (peer) => {
    for (;;) {
      for (const step of steps) await step(peer);
    }
  };
}
