/** A dispatcher whose answers the test writes, and which remembers what it was asked. */
import type {
  ByteIterable,
  DispatchContext,
  Dispatcher,
  DispatchResponse,
  HeaderPair,
  ResponseBody,
  Timeouts,
  UrlParts,
} from '@x/httpcore';

import { Client } from '../src/client/client.ts';
import type { CommonClientOptions } from '../src/client/client-options.ts';

export interface DispatchedRequest {
  readonly method: string;
  readonly url: UrlParts;
  readonly headers: readonly HeaderPair[];
  readonly body: ByteIterable | null;
  readonly timeouts: Timeouts | undefined;
  readonly context: DispatchContext;
}

export interface ScriptedAnswer {
  readonly status?: number;
  readonly reason?: string;
  readonly httpVersion?: string;
  readonly headers?: readonly HeaderPair[];
  readonly body?: string | Uint8Array | readonly Uint8Array[];
  readonly trailers?: readonly HeaderPair[];
  /** All of it is there with the head. */
  readonly arrived?: boolean;
  /** Thrown after the chunks. */
  readonly bodyError?: Error;
}

export type Script = (request: DispatchedRequest, index: number) => ScriptedAnswer | Promise<ScriptedAnswer>;

export class ScriptedDispatcher implements Dispatcher {
  readonly requests: DispatchedRequest[] = [];
  readonly bodies: ScriptedBody[] = [];
  closed = false;
  readonly #script: Script;

  constructor(script: Script = () => ({})) {
    this.#script = script;
  }

  /** The latest request. */
  get last(): DispatchedRequest {
    return this.requests.at(-1)!;
  }

  async dispatch(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    timeouts?: Timeouts,
    context: DispatchContext = {},
  ): Promise<DispatchResponse> {
    const request = { method, url, headers, body, timeouts, context };
    this.requests.push(request);
    const answer = await this.#script(request, this.requests.length - 1);
    const scripted = new ScriptedBody(answer);
    this.bodies.push(scripted);
    return [answer.httpVersion ?? '1.1', answer.status ?? 200, answer.reason ?? 'OK', answer.headers ?? [], scripted];
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

export class ScriptedBody implements ResponseBody {
  state: 'unread' | 'open' | 'read' | 'closed' = 'unread';
  readonly #answer: ScriptedAnswer;

  constructor(answer: ScriptedAnswer) {
    this.#answer = answer;
  }

  get trailers(): readonly HeaderPair[] | undefined {
    const { arrived = false, trailers = [] } = this.#answer;
    return arrived || this.state === 'read' || this.state === 'closed' ? trailers : undefined;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this) chunks.push(chunk);
    return new Uint8Array(Buffer.concat(chunks));
  }

  close(): Promise<void> {
    if (this.state !== 'read') this.state = 'closed';
    return Promise.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    this.state = 'open';
    try {
      const { body = [], bodyError } = this.#answer;
      const chunks = typeof body === 'string' ? [Buffer.from(body)] : body instanceof Uint8Array ? [body] : body;
      for (const chunk of chunks) yield new Uint8Array(chunk);
      if (bodyError !== undefined) throw bodyError;
      this.state = 'read';
    } finally {
      await this.close();
    }
  }
}

/** The bytes of a request body, as text. */
export async function bodyText(body: ByteIterable | null): Promise<string> {
  if (body === null) return '';
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** A client over a script. */
export function scripted(options: CommonClientOptions = {}, script?: Script): { client: Client; dispatcher: ScriptedDispatcher } {
  const dispatcher = new ScriptedDispatcher(script);
  return { client: new Client({ ...options, dispatcher }), dispatcher };
}
