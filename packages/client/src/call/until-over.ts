/** A call ends when its time is over, whoever in its chain does not come back. */
import { Aborted, DeadlineExceeded } from '@x/httpcore';

import { ClientClosed } from '../errors.ts';
import { onceIn } from '../time/limit.ts';
import { now, setImmediate } from '../time/platform.ts';
import type { CallContext } from './context.ts';
import type { Lifetime } from './lifetime.ts';
import { onAbort } from './signals.ts';

/** For a dispatcher, in milliseconds past the deadline: it says more, such as the phase, and its timers may be shared. */
const patience = 100;

/**
 * What `work` comes to, unless the call is over first. What does not come back then (an interceptor, a flow) is left to itself, and what it
 * comes to late is for `drop`.
 *
 * @throws {Aborted} by the signal, whose reason is the cause; or the client was closed.
 * @throws {DeadlineExceeded} it took too long.
 */
export async function untilOver<Value>(
  call: CallContext,
  lifetime: Lifetime,
  work: Promise<Value>,
  drop: (late: Value) => void,
): Promise<Value> {
  const { ending: signal, deadline } = call;
  let isOver = false;
  let cancel: (() => void) | undefined;
  let giveUp: (reason: Error) => void;
  const over = new Promise<never>((_, reject) => {
    giveUp = (reason) => {
      if (isOver) return;
      work.then(drop, () => {});
      reject(reason);
    };
  });
  // Whoever is cooperative fails by itself in this turn, with an error that knows more.
  const soon = (reason: () => Error): void => void setImmediate(() => giveUp(reason()));
  const abort = (): void => soon(() => new Aborted('The request was aborted', { cause: signal?.reason }));
  const end = (): void =>
    giveUp(new DeadlineExceeded('The deadline passed while an interceptor, an authentication flow or a retry was at work'));
  const onTime = (): void => {
    if (call.isUnderWay) cancel = onceIn(patience, end);
    else end();
  };
  const forget = lifetime.whenClosed((reason) => soon(() => new Aborted(reason, { cause: new ClientClosed(reason) })));
  let release: (() => void) | undefined;
  if (signal?.aborted === true) abort();
  else if (signal !== undefined) release = onAbort(signal, abort);
  if (deadline !== undefined) cancel = onceIn(deadline - now(), onTime);
  try {
    return await Promise.race([work, over]);
  } finally {
    isOver = true;
    cancel?.();
    release?.();
    forget();
  }
}
