/** Ours, what applications import: `client.get()` and `text()`. */
import { Client } from '@x/client';
import { ConnectionPool } from '@x/httpcore';
import { workloadUrl } from '../child/job.ts';
import { uploadChunks } from '../child/payload.ts';
import { expectBytes, expectDocument, expectReceipt, loopingRunner, type OpenContender } from './contender.ts';
import { poolOptions } from './pool-options.ts';

export const open: OpenContender = async (workload) => {
  const { protocol, scheme, concurrency, proxy } = workload;
  const http2 = protocol === 'h2';
  // By itself a client learns of HTTP/2 from TLS alone: without TLS it is given a pool that knows.
  const pool = http2 && scheme === 'http' ? new ConnectionPool(poolOptions(workload)) : null;
  const limits = { maxConnectionsPerOrigin: http2 ? 1 : concurrency };
  const client = new Client(pool === null ? { http2, limits, proxy } : { dispatcher: pool });
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
    async () => {
      await client.close();
      await pool?.close();
    },
  );
};
