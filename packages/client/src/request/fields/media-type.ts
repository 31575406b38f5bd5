import { MIMEType } from 'node:util';

/** What a `Content-Type` says (RFC 9110 §8.3.1); `undefined` for what nobody can read. */
export function mediaType(contentType: string): MIMEType | undefined {
  try {
    return new MIMEType(contentType);
  } catch {
    return undefined;
  }
}
