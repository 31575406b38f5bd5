/** Calls through one interceptor to a server that the test plays, in scripted time. */
import type { ResponseBody } from '@x/httpcore';

import { CallContext, type CallBudget } from '../src/call/context.ts';
import { layer, type Interceptor } from '../src/call/interceptor.ts';
import { joinSignals } from '../src/call/signals.ts';
import { resolveSettings } from '../src/client/client-settings.ts';
import { Request } from '../src/request/request.ts';
import { toResponseBody } from '../src/response/response-body.ts';
import { StreamResponse } from '../src/response/stream-response.ts';
import type { HeadersInput } from '../src/request/fields/header-input.ts';
import { ScriptedTime } from './scripted-time.ts';

export interface PlayedAnswer {
  /** Milliseconds from the request to the head. */
  readonly after?: number;
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly error?: Error;
  /** Milliseconds from the head to the end of the body; without it, the body is there with the head. */
  readonly bodyAfter?: number;
  /** What the body breaks off with. */
  readonly bodyError?: Error;
}

export interface PlayedCall {
  readonly method?: string;
  readonly url?: string;
  readonly body?: string;
  readonly headers?: HeadersInput;
  readonly signal?: AbortSignal;
  readonly deadline?: number;
  readonly budget?: CallBudget;
}

export interface PlayedRequest {
  readonly request: Request;
  /** When it came, and when its sender gave it up. */
  readonly at: number;
  endedAt: number | undefined;
}

/** Far enough from the platform's own time that no deadline of the test comes in it. */
const begin = 1e8;

export class PlayedServer {
  readonly time: ScriptedTime = new ScriptedTime(begin);
  readonly requests: PlayedRequest[] = [];
  readonly #answer: (request: Request, index: number) => PlayedAnswer;

  constructor(answer: (request: Request, index: number) => PlayedAnswer = () => ({})) {
    this.#answer = answer;
  }

  /** Milliseconds since the test began. */
  get now(): number {
    return this.time.now() - begin;
  }

  /** Milliseconds since the test began at which each request came. */
  get arrivals(): readonly number[] {
    return this.requests.map(({ at }) => at);
  }

  /** A way to make calls through the interceptor. */
  through(interceptor: Interceptor): (call?: PlayedCall) => Promise<StreamResponse> {
    const send = layer(interceptor, (request, context) => this.#serve(request, context));
    const settings = resolveSettings({ timeout: null });
    return ({ method = 'GET', url = 'http://a.example/', body, headers, signal, deadline, budget } = {}) => {
      const given = body === undefined ? { headers } : { headers, body };
      const request = new Request(method, url, given);
      const context = new CallContext(request, settings, joinSignals(signal === undefined ? [] : [signal]), undefined, undefined);
      context.budget = budget;
      if (deadline !== undefined) Object.defineProperty(context, 'deadline', { value: begin + deadline });
      return send(request, context);
    };
  }

  async #serve(request: Request, context: CallContext): Promise<StreamResponse> {
    const attempt = context.begin(request);
    const played: PlayedRequest = { request, at: this.now, endedAt: undefined };
    const { after = 0, status = 200, headers = {}, error, bodyAfter, bodyError } = this.#answer(request, this.requests.push(played) - 1);
    const { signal } = context.dispatchContext(attempt, false, undefined);
    await new Promise<void>((resolve, reject) => {
      const cancel = this.time.schedule(after, resolve);
      signal?.addEventListener('abort', () => {
        played.endedAt = this.now;
        cancel();
        reject(signal.reason as Error);
      });
    });
    if (error !== undefined) {
      attempt.error = error;
      attempt.end();
      throw error;
    }
    attempt.status = status;
    const end = (): void => {
      attempt.error = bodyError;
      attempt.end();
    };
    if (bodyAfter === undefined) end();
    else this.time.schedule(bodyAfter, end);
    const body: ResponseBody = toResponseBody(null);
    return new StreamResponse(request, status, '', '1.1', Object.entries(headers), attempt, context, body);
  }
}
