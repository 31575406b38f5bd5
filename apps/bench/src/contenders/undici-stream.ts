/** undici's `stream`: the answer is written into a Writable that the caller makes. Its documentation calls it the fastest way to move a large body. */
import { Writable } from 'node:stream';
import { workloadUrl } from '../child/job.ts';
import { uploadChunks } from '../child/payload.ts';
import { expectBytes, expectReceipt, loopingRunner, type OpenContender } from './contender.ts';
import { loadUndici, undiciOptions } from './undici.ts';

export const open: OpenContender = async (workload) => {
  const { Agent, stream } = await loadUndici();
  const dispatcher = new Agent(undiciOptions(workload));
  const url = workloadUrl(workload);
  const uploadHeaders = { 'content-length': String(workload.uploadBytes) };
  return loopingRunner(
    workload,
    {
      async download() {
        let status = 0;
        let received = 0;
        await stream(url, { dispatcher, method: 'GET' }, ({ statusCode }) => {
          status = statusCode;
          return new Writable({
            write(chunk: Buffer, _encoding, done) {
              received += chunk.length;
              done();
            },
          });
        });
        expectBytes(workload, status, received);
      },
      async upload() {
        let status = 0;
        let receipt = '';
        // The published type leaves out the iterables that the documentation promises.
        const body = uploadChunks(workload.uploadBytes) as unknown as Buffer;
        await stream(url, { dispatcher, method: 'POST', headers: uploadHeaders, body }, ({ statusCode }) => {
          status = statusCode;
          return new Writable({
            write(chunk: Buffer, _encoding, done) {
              receipt += chunk.toString('latin1');
              done();
            },
          });
        });
        expectReceipt(workload, status, receipt);
      },
    },
    () => dispatcher.close(),
  );
};
