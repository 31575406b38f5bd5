/** Waiting that ends when the call does. */
import { Aborted, DeadlineExceeded } from '@x/httpcore';
import { onAbort, type AnySignal } from './signals.ts';
import { onceIn } from '../time/limit.ts';
import { now } from '../time/platform.ts';

/** What ends a call: somebody's signal, and the moment (of `performance.now()`) by which it must be done. */
export interface CallLimits {
  readonly signal: AnySignal | undefined;
  readonly deadline: number | undefined;
}

/**
 * What `work` comes to, unless the call is over first. Then nobody waits for it any longer, and what it comes to is dropped.
 *
 * @throws {Aborted} by the signal, whose reason is the cause.
 * @throws {DeadlineExceeded} it took too long.
 */
export async function withinCall<Value>({ signal, deadline }: CallLimits, work: Promise<Value>): Promise<Value> {
  if (signal === undefined && deadline === undefined) return work;
  let cancel: (() => void) | undefined;
  let release: (() => void) | undefined;
  const over = new Promise<never>((_, reject) => {
    if (signal !== undefined) {
      const abort = (): void => reject(new Aborted('The request was aborted', { cause: signal.reason, phase: 'request' }));
      if (signal.aborted) abort();
      else release = onAbort(signal, abort);
    }
    const onTime = (): void => reject(new DeadlineExceeded('The deadline passed before the request could be sent', { phase: 'request' }));
    if (deadline !== undefined) cancel = onceIn(deadline - now(), onTime);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    cancel?.();
    release?.();
  }
}
