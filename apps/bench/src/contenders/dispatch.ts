/** Ours, the core: `dispatch` and `body.bytes()`. */
import { ConnectionPool, type HeaderPair, type PoolOptions, type UrlParts } from '@x/httpcore';
import type { Workload } from '../child/job.ts';
import { uploadChunks } from '../child/payload.ts';
import { expectBytes, expectDocument, expectReceipt, loopingRunner, type OpenContender, type Runner } from './contender.ts';
import { poolOptions } from './pool-options.ts';

export const open: OpenContender = async (workload) => openOn(poolOptions(workload), workload);

export function openOn(options: PoolOptions, workload: Workload): Runner {
  const pool = new ConnectionPool(options);
  const url: UrlParts = [workload.scheme, workload.host, workload.port, workload.target];
  const uploadHeaders: readonly HeaderPair[] = [['content-length', String(workload.uploadBytes)]];
  const decoder = new TextDecoder();
  return loopingRunner(
    workload,
    {
      async text() {
        const [, status, , , body] = await pool.dispatch('GET', url, [], null);
        expectBytes(workload, status, (await body.bytes()).length);
      },
      async json() {
        const [, status, , , body] = await pool.dispatch('GET', url, [], null);
        expectDocument(status, JSON.parse(decoder.decode(await body.bytes())));
      },
      async download() {
        const [, status, , , body] = await pool.dispatch('GET', url, [], null);
        let received = 0;
        for await (const chunk of body) received += chunk.length;
        expectBytes(workload, status, received);
      },
      async upload() {
        const [, status, , , body] = await pool.dispatch('POST', url, uploadHeaders, uploadChunks(workload.uploadBytes));
        expectReceipt(workload, status, decoder.decode(await body.bytes()));
      },
    },
    () => pool.close(),
  );
}
