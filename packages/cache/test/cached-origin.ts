/** A cache before an origin in this process, with time that passes when it is told to. */
import { mockDispatcher, type ApplicationAnswer, type ApplicationRequest, type HeaderPair, type ResponseBody } from '@x/httpcore';

import { cached, type CacheContext, type CachedDispatcher, type CacheOutcome, type HttpCacheOptions } from '../src/index.ts';

export interface Asked {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly outcome: CacheOutcome;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly context?: CacheContext;
  readonly origin?: readonly [scheme: string, host: string, port: number | null];
}

export interface CachedOrigin {
  readonly dispatcher: CachedDispatcher;
  /** What has reached the origin: `GET /path`. */
  readonly seen: string[];
  readonly requests: ApplicationRequest[];
  pass(seconds: number): void;
  setClock(milliseconds: number): void;
  ask(path: string, asking?: Asking): Promise<Asked>;
  open(path: string, asking?: Asking): Promise<{ readonly body: ResponseBody; readonly outcome: CacheOutcome }>;
  state(path: string, asking?: Asking): Promise<string>;
  fieldOf(index: number, name: string): string | undefined;
}

/** The n-th request gets the n-th answer, and those after the last one that. */
export function cachedOrigin(
  answers: ((request: ApplicationRequest, number: number) => ApplicationAnswer | Promise<ApplicationAnswer>) | readonly ApplicationAnswer[],
  options: HttpCacheOptions = {},
): CachedOrigin {
  let now = Date.UTC(2026, 10, 1);
  const seen: string[] = [];
  const requests: ApplicationRequest[] = [];
  const inner = mockDispatcher(async (request) => {
    await request.body.bytes();
    seen.push(`${request.method} ${request.url[3]}`);
    requests.push(request);
    if (typeof answers === 'function') return answers(request, seen.length);
    return answers[Math.min(seen.length, answers.length) - 1]!;
  });
  const dispatcher = cached(inner, { now: () => now, ...options });
  const dispatch = async (
    path: string,
    { method = 'GET', headers = {}, body, context, origin = ['http', 'origin.test', null] }: Asking,
  ) => {
    let outcome: CacheOutcome | undefined;
    const response = await dispatcher.dispatch(
      method,
      [...origin, path],
      Object.entries(headers),
      body === undefined ? null : [Buffer.from(body)],
      undefined,
      { ...context, onCacheOutcome: (told) => (outcome = told) },
    );
    return { response, outcome: outcome! };
  };
  return {
    dispatcher,
    seen,
    requests,
    pass: (seconds) => (now += seconds * 1000),
    setClock: (milliseconds) => (now = milliseconds),
    async ask(path, asking = {}) {
      const { response, outcome } = await dispatch(path, asking);
      const [, status, , fields, content] = response;
      const text = Buffer.from(await content.bytes()).toString();
      await settled();
      return { status, headers: joined(fields), text, outcome };
    },
    async open(path, asking = {}) {
      const { response, outcome } = await dispatch(path, asking);
      return { body: response[4], outcome };
    },
    async state(path, asking) {
      return (await this.ask(path, asking)).outcome.state;
    },
    fieldOf: (index, name) => joined(requests.at(index)!.headers)[name],
  };
}

/** What goes on in the background has had its turns. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function joined(fields: readonly HeaderPair[]): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    all[lower] = all[lower] === undefined ? value : `${all[lower]}, ${value}`;
  }
  return all;
}

/** A response with these fields. */
export function answer(body: string, headers: Readonly<Record<string, string>>, status = 200): ApplicationAnswer {
  return { status, headers: Object.entries(headers), body };
}
