/** The replies that mutations start from: a few of every kind of our own, and those of others where they are there. */
import type { ConformanceData } from '../data.ts';
import type { LlhttpCase } from '../llhttp/event-log.ts';
import type { Question } from '../outcome.ts';

export interface Sample {
  readonly bytes: Uint8Array;
  readonly question: Question;
}

const ownReplies: readonly (readonly [text: string, question?: Question])[] = [
  ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a="b"\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc'],
  ['HTTP/1.1 200 OK\r\n\r\nuntil the end'],
  ['HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi'],
  ['HTTP/1.0 404 Not Found\r\nServer: old\r\n\r\ngone'],
  ['HTTP/1.1 204 No Content\r\nX-A: \t b \t\r\n\r\n'],
  ['HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n'],
  ['HTTP/1.1 301\r\nLocation: /\r\nContent-Length: 0\r\n\r\n'],
  ['HTTP/1.1 200 \xe9t\xe9\r\nA: \xff\r\nContent-Length: 1\r\n\r\n\xff'],
  ['HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', { method: 'HEAD' }],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', { method: 'HEAD' }],
  ['HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nraw\r\nbytes', { upgrade: true }],
  ['HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: echo\r\nContent-Length: 2\r\n\r\nno', { upgrade: true }],
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'],
];

export function corpus(data: ConformanceData | undefined): Sample[] {
  const samples: Sample[] = ownReplies.map(([text, question = {}]) => ({ bytes: Buffer.from(text, 'latin1'), question }));
  if (data === undefined) return samples;
  for (const { inputB64, meta } of data.json<readonly LlhttpCase[]>('http1/llhttp-responses.json')) {
    samples.push({ bytes: Buffer.from(inputB64, 'base64'), question: meta.skipBody === true ? { method: 'HEAD' } : {} });
  }
  for (const { request, replyB64 } of data.json<readonly CurlReply[]>('http1/curl-replies.json')) {
    const bytes = Buffer.from(replyB64.data, 'base64');
    // Half of them end their lines in bare LF, which is refused at the first; and one is large.
    const text = bytes.toString('latin1').replaceAll(/\r?\n/g, '\r\n');
    if (bytes.length > 0 && bytes.length < 2_000)
      samples.push({ bytes: Buffer.from(text, 'latin1'), question: { method: request.method } });
  }
  return samples;
}

interface CurlReply {
  readonly request: { readonly method: string };
  readonly replyB64: { readonly data: string };
}
