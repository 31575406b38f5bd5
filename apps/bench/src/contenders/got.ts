/** got with its defaults, on Node's keep-alive agents. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { workloadUrl } from '../child/job.ts';
import { installedPeer } from '../child/peers.ts';
import { uploadChunks } from '../child/payload.ts';
import { expectBytes, expectDocument, expectReceipt, loopingRunner, type OpenContender } from './contender.ts';

export const open: OpenContender = async (workload) => {
  const { default: got } =
    installedPeer('got') === 'got-14' ? ((await import('got-14')) as unknown as typeof import('got-16')) : await import('got-16');
  const agent = {
    http: new HttpAgent({ keepAlive: true, maxSockets: workload.concurrency }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: workload.concurrency }),
  };
  const client = got.extend({ agent });
  const url = workloadUrl(workload);
  const uploadHeaders = { 'content-length': String(workload.uploadBytes) };
  return loopingRunner(
    workload,
    {
      async text() {
        const { statusCode, body } = await client.get(url);
        expectBytes(workload, statusCode, body.length);
      },
      async json() {
        expectDocument(200, await client.get(url).json());
      },
      async download() {
        const stream = client.stream(url);
        let received = 0;
        for await (const chunk of stream) received += (chunk as Buffer).length;
        expectBytes(workload, stream.response?.statusCode ?? 0, received);
      },
      async upload() {
        const { statusCode, body } = await client.post(url, {
          headers: uploadHeaders,
          body: uploadChunks(workload.uploadBytes),
        });
        expectReceipt(workload, statusCode, body);
      },
    },
    () => {
      agent.http.destroy();
      agent.https.destroy();
    },
  );
};
