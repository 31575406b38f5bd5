/** Ours, what applications import: `client.get()` and `text()`. */
import { Client } from '@x/client';
import { workloadUrl } from '../child/job.ts';
import { uploadChunks } from '../child/payload.ts';
import { expectBytes, expectDocument, expectReceipt, loopingRunner, type OpenContender } from './contender.ts';

export const open: OpenContender = async (workload) => {
  const client = new Client({
    limits: { maxConnectionsPerOrigin: workload.concurrency },
  });
  const url = workloadUrl(workload);
  const uploadHeaders = { 'content-length': String(workload.uploadBytes) };
  return loopingRunner(
    workload,
    {
      async text() {
        const response = await client.get(url);
        expectBytes(workload, response.status, response.text().length);
      },
      async json() {
        const response = await client.get(url);
        expectDocument(response.status, response.json());
      },
      async download() {
        const response = await client.stream('GET', url);
        let received = 0;
        for await (const chunk of response) received += chunk.length;
        expectBytes(workload, response.status, received);
      },
      async upload() {
        const response = await client.post(url, { headers: uploadHeaders, body: uploadChunks(workload.uploadBytes) });
        expectReceipt(workload, response.status, response.text());
      },
    },
    () => client.close(),
  );
};
