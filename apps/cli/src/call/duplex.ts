/** After 101 the connection is both sides': what we are told goes there, what comes is shown, until one side ends. */
import { isDuplexBody } from '@x/httpcore';
import type { StreamResponse } from '@x/client';
import type { Screen } from '../output/screen.ts';

export async function followDuplex({ body }: StreamResponse, { io, print, isTerminal, note }: Screen): Promise<number> {
  if (!isDuplexBody(body)) return 0;
  if (isTerminal) note('xhttp: the connection is open to both sides; what you type is sent');
  const { toNodeStream } = await import('@x/httpcore');
  const stream = toNodeStream(body);
  const stop = (): void => void stream.destroy();
  io.signal.addEventListener('abort', stop, { once: true });
  const sending = (async () => {
    for await (const chunk of io.stdin) if (!stream.write(chunk)) await new Promise((resolve) => stream.once('drain', resolve));
    stream.end();
  })().catch(() => {});
  try {
    for await (const chunk of stream) await print(chunk as Uint8Array);
  } finally {
    io.signal.removeEventListener('abort', stop);
    stream.destroy();
  }
  void sending;
  io.signal.throwIfAborted();
  return 0;
}
