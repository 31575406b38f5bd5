import { setMaxListeners } from 'node:events';

export type AbortListener = EventHandler | (() => void);

interface EventHandler {
  handleEvent(): void;
}

/**
 * Listens, by an object that is there anyway. One signal for a hundred requests is no leak: each listener goes with its exchange. Signals that
 * a test environment brings (happy-dom) may know functions only. Gives what to remove from the signal.
 */
export function listenForAbort(signal: AbortSignal, handler: EventHandler): AbortListener {
  const isOfPlatform = signal instanceof EventTarget;
  if (isOfPlatform) setMaxListeners(0, signal);
  const listener = isOfPlatform ? handler : (): void => handler.handleEvent();
  signal.addEventListener('abort', listener);
  return listener;
}

export function stopListening(signal: AbortSignal | undefined, listener: AbortListener | null): void {
  if (listener !== null) signal?.removeEventListener('abort', listener);
}
