/** node:http and node:https, with a keep-alive agent and plain event listeners. */
import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Workload } from '../child/job.ts';
import { uploadChunks } from '../child/payload.ts';
import { expectBytes, expectDocument, expectReceipt, loopingRunner, type OpenContender } from './contender.ts';

export const open: OpenContender = async (workload) => {
  const secure = workload.scheme === 'https';
  const agentOptions = { keepAlive: true, maxSockets: workload.concurrency, scheduling: 'lifo' } as const;
  const agent = secure ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
  const start = secure ? httpsRequest : httpRequest;
  const options: RequestOptions = { agent, host: workload.host, port: workload.port, path: workload.target };
  const uploadOptions: RequestOptions = {
    ...options,
    method: 'POST',
    headers: { 'content-length': String(workload.uploadBytes) },
  };

  const get = (): ClientRequest => start(options).end();
  return loopingRunner(
    workload,
    {
      async text() {
        const [status, text] = await readText(get());
        expectBytes(workload, status, text.length);
      },
      async json() {
        const [status, text] = await readText(get());
        expectDocument(status, JSON.parse(text));
      },
      async download() {
        const [status, received] = await countBytes(get());
        expectBytes(workload, status, received);
      },
      async upload() {
        const request = start(uploadOptions);
        const answer = readText(request);
        sendChunks(request, workload);
        const [status, text] = await answer;
        expectReceipt(workload, status, text);
      },
    },
    () => agent.destroy(),
  );
};

function readText(request: ClientRequest): Promise<readonly [status: number, text: string]> {
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', reject);
      response.once('end', () => resolve([response.statusCode ?? 0, text]));
    });
  });
}

function countBytes(request: ClientRequest): Promise<readonly [status: number, bytes: number]> {
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response: IncomingMessage) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.once('error', reject);
      response.once('end', () => resolve([response.statusCode ?? 0, bytes]));
    });
  });
}

function sendChunks(request: ClientRequest, workload: Workload): void {
  const chunks = uploadChunks(workload.uploadBytes);
  const send = (): void => {
    for (;;) {
      const chunk = chunks.next();
      if (chunk.done === true) {
        request.end();
        return;
      }
      if (!request.write(chunk.value)) {
        request.once('drain', send);
        return;
      }
    }
  };
  send();
}
