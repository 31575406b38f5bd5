/** The body of a response that a call fails for: read while the call still has it. */
import { HTTPStatusError } from './any-response.ts';
import { Response } from './response.ts';
import { StreamResponse } from './stream-response.ts';

/** Of a longer one the rest is not wanted. */
const longestErrorBody = 1024 * 1024;

/**
 * Puts the body into the error's response, if it is an error of that kind whose body is still to be read. Never rejects: what the network says
 * of it is less than what the status says, and what had come by then is kept.
 */
export async function keepErrorBody(error: unknown): Promise<void> {
  if (!(error instanceof HTTPStatusError)) return;
  const { response } = error;
  if (!(response instanceof StreamResponse) || 'write' in response.body) return;
  const content = await contentOf(response);
  if (content !== undefined) error.keep(new Response(response, content, response.body.trailers));
}

async function contentOf(response: StreamResponse): Promise<Uint8Array | undefined> {
  if (response.isTaken) return response.read().catch(() => undefined);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      chunks.push(chunk.subarray(0, longestErrorBody - size));
      size += chunk.length;
      if (size >= longestErrorBody) break;
    }
  } catch {
    // What is here is something.
  }
  return Buffer.concat(chunks);
}
