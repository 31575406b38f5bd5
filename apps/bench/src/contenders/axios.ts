/** axios with its defaults, on Node's keep-alive agents. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import { workloadUrl } from '../child/job.ts';
import { uploadChunks } from '../child/payload.ts';
import { expectBytes, expectDocument, expectReceipt, loopingRunner, type OpenContender } from './contender.ts';

export const open: OpenContender = async (workload) => {
  const { default: axios } = await import('axios');
  const httpAgent = new HttpAgent({ keepAlive: true, maxSockets: workload.concurrency });
  const httpsAgent = new HttpsAgent({ keepAlive: true, maxSockets: workload.concurrency });
  const client = axios.create({ httpAgent, httpsAgent });
  const url = workloadUrl(workload);
  const uploadHeaders = { 'content-length': String(workload.uploadBytes), 'content-type': 'application/octet-stream' };
  return loopingRunner(
    workload,
    {
      async text() {
        const { status, data } = await client.get<string>(url, { responseType: 'text' });
        expectBytes(workload, status, data.length);
      },
      async json() {
        const { status, data } = await client.get<unknown>(url);
        expectDocument(status, data);
      },
      async download() {
        const { status, data } = await client.get<Readable>(url, { responseType: 'stream' });
        let received = 0;
        for await (const chunk of data) received += (chunk as Buffer).length;
        expectBytes(workload, status, received);
      },
      async upload() {
        const body = Readable.from(uploadChunks(workload.uploadBytes), { objectMode: false });
        // With redirects allowed it would keep the whole body in memory, to send it again.
        const { status, data } = await client.post<string>(url, body, {
          headers: uploadHeaders,
          responseType: 'text',
          maxRedirects: 0,
          maxBodyLength: Number.POSITIVE_INFINITY,
        });
        expectReceipt(workload, status, data);
      },
    },
    () => {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  );
};
