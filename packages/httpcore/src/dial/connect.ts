/** A connection on which nobody speaks HTTP yet: for those who bring a protocol of their own. */
import { Aborted, HttpCoreError } from '../contract/errors.ts';
import { TransportStream } from '../net/transport-stream.ts';
import type { DialRequest, TransportDialer } from './dial.ts';

/** @throws {Aborted} `signal`; and what dials reject with. */
export async function connectStream(
  dialer: TransportDialer,
  request: DialRequest,
  signal: AbortSignal | undefined,
): Promise<TransportStream> {
  const refusal = (): Aborted =>
    new Aborted('Connecting was aborted', { cause: signal?.reason, phase: 'connect', origin: request.origin.text });
  if (signal?.aborted === true) throw refusal();
  const dial = dialer.dial(request);
  const cancel = (): void => dial.cancel(refusal());
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const { transport } = await dial.result;
    return new TransportStream(transport);
  } catch (error) {
    throw error instanceof HttpCoreError ? error.withFacts({ origin: request.origin.text }) : error;
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}
