import type { Http2Options } from '@x/httpcore';

/** What they hold is the pool's to check. */
export interface ClientHttp2Options extends Http2Options {
  /** Also on `http://`, in the place of HTTP/1.1: the server is known to speak it. Default `false`. */
  readonly priorKnowledge?: boolean | undefined;
}
