import { BytesBody, type RequestBody } from './body/request-body.ts';
import { MultipartBody } from './multipart/multipart-body.ts';

/** All of a body, where all of it is in memory: nothing is opened, and nothing is used up. */
export function bytesInMemory(body: RequestBody): Uint8Array | undefined {
  if (body instanceof BytesBody) return Buffer.concat(body.chunks);
  if (!(body instanceof MultipartBody)) return undefined;
  const chunks = body.open();
  return Array.isArray(chunks) ? Buffer.concat(chunks as readonly Uint8Array[]) : undefined;
}
