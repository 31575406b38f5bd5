/** What the server in memory costs by itself: bare requests are written, and the bytes of answers counted. */
import type { TransportHandler } from '@x/httpcore/testing';
import type { Workload } from '../child/job.ts';
import type { OpenContender } from './contender.ts';
import { MemoryTransport } from './memory-transport.ts';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
/** HEADERS with END_STREAM and END_HEADERS, whose block nobody reads. */
const HTTP2_REQUEST = Buffer.from([0, 0, 4, 1, 5, 0, 0, 0, 0, 0x82, 0x84, 0x86, 0x87]);

export const open: OpenContender = async (workload) => {
  const perConnection = workload.protocol === 'h2' ? workload.concurrency : 1;
  const connections = workload.protocol === 'h2' ? 1 : workload.concurrency;
  return {
    async run(budget) {
      const loops = Array.from({ length: connections }, () => runConnection(workload, perConnection, () => budget.take()));
      await Promise.all(loops);
    },
    close: () => Promise.resolve(),
  };
};

function runConnection({ protocol, host, target }: Workload, streams: number, take: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const transport = new MemoryTransport(protocol);
    const head = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    let open = 0;
    let id = -1;
    const send = (): void => {
      open += 1;
      if (protocol === 'http/1.1') {
        transport.write(head);
        return;
      }
      const bytes = Buffer.from(HTTP2_REQUEST);
      bytes.writeUInt32BE((id += 2), 5);
      transport.write(bytes);
    };
    const handler: TransportHandler = {
      onBytes(chunk) {
        const answered = protocol === 'http/1.1' ? open : countHeads(chunk);
        open -= answered;
        for (let count = 0; count < answered && take(); count += 1) send();
        if (open === 0) resolve();
      },
      onEnd() {},
      onDrain() {},
      onClosed() {},
    };
    transport.start(handler);
    if (protocol === 'h2') transport.write(PREFACE);
    for (let count = 0; count < streams && take(); count += 1) send();
    if (open === 0) resolve();
  });
}

function countHeads(chunk: Uint8Array): number {
  let heads = 0;
  for (let at = 0; at + 9 <= chunk.length; at += 9 + (chunk[at]! << 16) + (chunk[at + 1]! << 8) + chunk[at + 2]!)
    if (chunk[at + 3] === 1) heads += 1;
  return heads;
}
