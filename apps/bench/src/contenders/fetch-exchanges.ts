/** The exchanges of everything that has the shape of `fetch`. */
import type { ExchangeKind, Workload } from '../child/job.ts';
import { uploadChunks } from '../child/payload.ts';
import { expectBytes, expectDocument, expectReceipt, type Exchange } from './contender.ts';

/** The part of a `Response` that is used here. */
export interface FetchedResponse {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array> | null;
  text(): Promise<string>;
  json(): Promise<unknown>;
}

export interface FetchUpload {
  readonly method: 'POST';
  readonly body: ReadableStream<Uint8Array>;
  /** The standard asks for it as soon as a body is a stream. */
  readonly duplex: 'half';
}

/** Makes the four exchanges of one `fetch`-like function bound to its URL. */
export function fetchExchanges(
  workload: Workload,
  fetched: (upload?: FetchUpload) => Promise<FetchedResponse>,
): Readonly<Record<ExchangeKind, Exchange>> {
  return {
    async text() {
      const response = await fetched();
      expectBytes(workload, response.status, (await response.text()).length);
    },
    async json() {
      const response = await fetched();
      expectDocument(response.status, await response.json());
    },
    async download() {
      const response = await fetched();
      let received = 0;
      if (response.body !== null) for await (const chunk of response.body) received += chunk.length;
      expectBytes(workload, response.status, received);
    },
    async upload() {
      const body = ReadableStream.from(uploadChunks(workload.uploadBytes));
      const response = await fetched({ method: 'POST', body, duplex: 'half' });
      expectReceipt(workload, response.status, await response.text());
    },
  };
}
