/** node:http2: one session, a stream for each request, and plain event listeners. */
import { connect, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { workloadUrl } from '../child/job.ts';
import { uploadChunks } from '../child/payload.ts';
import { expectBytes, expectReceipt, loopingRunner, type OpenContender } from './contender.ts';

/** As large as ours, so that windows are in nobody's way. */
const WINDOW = 16 * 1024 * 1024;

export const open: OpenContender = async (workload) => {
  let session: ClientHttp2Session | null = null;
  // With the first request, like everybody else.
  const connected = (): ClientHttp2Session => {
    if (session !== null) return session;
    const made = connect(new URL(workloadUrl(workload)).origin, { settings: { enablePush: false, initialWindowSize: WINDOW } });
    made.once('connect', () => made.setLocalWindowSize(WINDOW));
    session = made;
    return made;
  };
  const get = (): ClientHttp2Stream => connected().request({ ':path': workload.target });
  return loopingRunner(
    workload,
    {
      async text() {
        const [status, text] = await readText(get());
        expectBytes(workload, status, text.length);
      },
      async download() {
        const [status, received] = await countBytes(get());
        expectBytes(workload, status, received);
      },
      async upload() {
        const stream = connected().request(
          { ':method': 'POST', ':path': workload.target, 'content-length': workload.uploadBytes },
          { endStream: false },
        );
        const answer = readText(stream);
        sendChunks(stream, workload.uploadBytes);
        const [status, text] = await answer;
        expectReceipt(workload, status, text);
      },
    },
    () => session?.destroy(),
  );
};

function readText(stream: ClientHttp2Stream): Promise<readonly [status: number, text: string]> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let text = '';
    stream.setEncoding('utf8');
    stream.on('response', (headers: IncomingHttpHeaders) => {
      status = Number(headers[':status']);
    });
    stream.on('data', (chunk: string) => {
      text += chunk;
    });
    stream.on('end', () => resolve([status, text]));
    stream.on('error', reject);
  });
}

function countBytes(stream: ClientHttp2Stream): Promise<readonly [status: number, bytes: number]> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let bytes = 0;
    stream.on('response', (headers: IncomingHttpHeaders) => {
      status = Number(headers[':status']);
    });
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    stream.on('end', () => resolve([status, bytes]));
    stream.on('error', reject);
  });
}

function sendChunks(stream: ClientHttp2Stream, bytes: number): void {
  const chunks = uploadChunks(bytes);
  const send = (): void => {
    for (;;) {
      const chunk = chunks.next();
      if (chunk.done === true) {
        stream.end();
        return;
      }
      if (!stream.write(chunk.value)) {
        stream.once('drain', send);
        return;
      }
    }
  };
  send();
}
