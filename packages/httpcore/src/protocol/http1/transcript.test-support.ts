/** Runs one exchange through an engine and writes down what it told its handler and what it wrote. */
import type { HeaderPair } from '../../contract/values.ts';
import type { HttpCoreError } from '../../contract/errors.ts';
import { requestFraming } from '../../model/request-framing.ts';
import { Http1Engine, type Http1Handler } from './engine.ts';
import type { ResponseHead } from './response-head.ts';
import type { ResponseLimits } from './response-parser.ts';

export const strictLimits: ResponseLimits = { maxHeaderBytes: 65_536, maxHeaderFields: 256, lenient: false };

export interface Transcript {
  /** One line per event; consecutive data is one event, so that the way the bytes were cut does not show. */
  readonly events: string[];
  readonly written: string;
  readonly reusable: boolean;
}

export class RecordingHandler implements Http1Handler {
  readonly events: string[] = [];
  #data = '';

  onInformational(status: number, reason: string, headers: readonly HeaderPair[]): void {
    this.#push(`informational ${status} ${reason} ${JSON.stringify(headers)}`);
  }

  onHead(head: ResponseHead): void {
    this.#push(`head ${head.version} ${head.status} ${JSON.stringify(head.reason)} ${JSON.stringify(head.headers)} ${head.bodyKind}`);
  }

  onData(chunk: Uint8Array, start: number, end: number): void {
    this.#data += Buffer.from(chunk.subarray(start, end)).toString('latin1');
  }

  onComplete(trailers: readonly HeaderPair[]): void {
    this.#push(`end ${JSON.stringify(trailers)}`);
  }

  onFault(error: HttpCoreError): void {
    this.#push(`fault ${error.name} ${error.code}`);
  }

  finish(): string[] {
    this.#flush();
    return this.events;
  }

  #push(event: string): void {
    this.#flush();
    this.events.push(event);
  }

  #flush(): void {
    if (this.#data !== '') this.events.push(`data ${JSON.stringify(this.#data)}`);
    this.#data = '';
  }
}

export interface Scenario {
  readonly method?: string;
  readonly headers?: readonly HeaderPair[];
  /** Does the peer end its direction after the bytes? Default `false`. */
  readonly closes?: boolean;
  readonly limits?: Partial<ResponseLimits>;
}

export function transcriptOf(pieces: readonly Uint8Array[], scenario: Scenario = {}): Transcript {
  const { method = 'GET', headers = [], closes = false, limits } = scenario;
  const handler = new RecordingHandler();
  let written = '';
  const sink = {
    write: (data: string | Uint8Array): boolean => {
      written += typeof data === 'string' ? data : Buffer.from(data).toString('latin1');
      return true;
    },
  };
  const engine = new Http1Engine(sink, handler, { ...strictLimits, ...limits });
  engine.begin(method, '/', 'example.com', headers, requestFraming(method, headers, null, false));
  engine.sendEnd(null);
  // The memory of a chunk is only the engine's during the call: a fresh copy each, wiped afterwards.
  for (const piece of pieces) {
    const chunk = Buffer.from(piece);
    engine.receive(chunk);
    chunk.fill(0xdb);
  }
  if (closes) engine.receiveEnd();
  const { reusable } = engine;
  engine.stop();
  return { events: handler.finish(), written, reusable };
}
