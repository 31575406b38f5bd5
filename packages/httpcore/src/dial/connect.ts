/** A connection on which nobody speaks HTTP yet: for those who bring a protocol of their own. */
import { Aborted, HttpCoreError } from '../contract/errors.ts';
import { TransportStream } from '../net/transport-stream.ts';
import type { Clock } from '../time/clock.ts';
import { PatientTimer } from '../time/patient-timer.ts';
import { connectTimeout, type DialRequest, type TransportDialer } from './dial.ts';

/** What ends the waiting for it. */
export interface ConnectLimits {
  readonly signal: AbortSignal | undefined;
  /** Milliseconds; `null`: none. */
  readonly timeout: number | null;
  readonly clock: Clock;
}

/** @throws {Aborted | ConnectTimeout} by one of the limits; and what dials reject with. */
export async function connectStream(
  dialer: TransportDialer,
  request: DialRequest,
  { signal, timeout, clock }: ConnectLimits,
): Promise<TransportStream> {
  const refusal = (): Aborted =>
    new Aborted('Connecting was aborted', { cause: signal?.reason, phase: 'connect', origin: request.origin.text });
  if (signal?.aborted === true) throw refusal();
  const dial = dialer.dial(request);
  const cancel = (): void => dial.cancel(refusal());
  signal?.addEventListener('abort', cancel, { once: true });
  const onTimeout = (): void => dial.cancel(connectTimeout(request.origin, timeout!, dial));
  const timer = timeout === null || timeout === Infinity ? undefined : new PatientTimer(clock, timeout, onTimeout);
  try {
    const { transport } = await dial.result;
    return new TransportStream(transport);
  } catch (error) {
    throw error instanceof HttpCoreError ? error.withFacts({ origin: request.origin.text }) : error;
  } finally {
    timer?.cancel();
    signal?.removeEventListener('abort', cancel);
  }
}
