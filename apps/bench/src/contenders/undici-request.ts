/** undici's `request`, read with its body mixin. */
import { workloadUrl } from '../child/job.ts';
import { uploadChunks } from '../child/payload.ts';
import { expectBytes, expectDocument, expectReceipt, loopingRunner, type OpenContender } from './contender.ts';
import { loadUndici, undiciOptions } from './undici.ts';

export const open: OpenContender = async (workload) => {
  const { Agent, request } = await loadUndici();
  const dispatcher = new Agent(undiciOptions(workload));
  const url = workloadUrl(workload);
  const uploadHeaders = { 'content-length': String(workload.uploadBytes) };
  return loopingRunner(
    workload,
    {
      async text() {
        const { statusCode, body } = await request(url, { dispatcher });
        expectBytes(workload, statusCode, (await body.text()).length);
      },
      async json() {
        const { statusCode, body } = await request(url, { dispatcher });
        expectDocument(statusCode, await body.json());
      },
      async download() {
        const { statusCode, body } = await request(url, { dispatcher });
        let received = 0;
        for await (const chunk of body) received += (chunk as Buffer).length;
        expectBytes(workload, statusCode, received);
      },
      async upload() {
        // The published type leaves out the iterables that the documentation promises.
        const chunks = uploadChunks(workload.uploadBytes) as unknown as Buffer;
        const { statusCode, body } = await request(url, { dispatcher, method: 'POST', headers: uploadHeaders, body: chunks });
        expectReceipt(workload, statusCode, await body.text());
      },
    },
    () => dispatcher.close(),
  );
};
