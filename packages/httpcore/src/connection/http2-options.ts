import type { ConnectionInfo } from '../contract/trace.ts';
import type { BodyMemory } from '../exchange/body-memory.ts';
import type { Http2Settings } from '../model/http2-options.ts';
import type { TransportFacts } from '../net/byte-transport.ts';
import type { Http2EngineOptions } from '../protocol/http2/options.ts';
import type { Connection } from './connection.ts';

export interface Http2ConnectionOptions {
  /** Default `http2Defaults`. */
  readonly settings?: Http2Settings | undefined;
  /** How many streams to open before the server has said how many it allows. Default 100. */
  readonly assumedMaxConcurrentStreams?: number | undefined;
  /** Told how many it allows, whenever it says so; `Infinity` for no limit. */
  readonly onStreamLimit?: ((limit: number) => void) | undefined;
  readonly maxHeaderBytes: number;
  readonly maxHeaderFields: number;
  readonly expectContinueTimeout: number;
  readonly memory: BodyMemory;
  /** The identifier of the first stream, an odd number. Default 1. */
  readonly firstStreamId?: number | undefined;
}

/** What the engine of a connection goes by: how much it may hold follows from what the pool may hold. */
export function engineOptions(options: Http2ConnectionOptions, now: () => number): Http2EngineOptions {
  const { memory } = options;
  return {
    now,
    maxHeaderListSize: options.maxHeaderBytes,
    maxHeaderFields: options.maxHeaderFields,
    assumedMaxConcurrentStreams: options.assumedMaxConcurrentStreams,
    mostStreams: options.settings?.maxConcurrentStreams,
    firstStreamId: options.firstStreamId,
    streamWindow: memory.streamWindow,
    readWindow: memory.readWindow,
    maxStreamWindow: memory.largestStreamWindow,
    connectionWindow: memory.connectionWindow,
    windowMemory: memory,
  };
}

export function coalescingOf({ remoteAddress, tls }: TransportFacts, info: ConnectionInfo): Connection['coalescing'] {
  // At the end of a way through a proxy, the address is the proxy's.
  if (remoteAddress === undefined || tls === undefined || info.proxy !== undefined) return undefined;
  return { remoteAddress, certificateNames: tls.certificateNames, certificatePins: tls.certificatePins };
}
