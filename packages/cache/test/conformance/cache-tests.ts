/** The public cache tests as data, and how one is run: a scripted origin, a cache under test before it, and time that passes when it is told to. */
import { randomUUID } from 'node:crypto';

export interface CacheTestRequest {
  readonly expected_type?: 'cached' | 'not_cached' | 'etag_validated' | 'lm_validated';
  readonly setup?: boolean;
  readonly setup_tests?: readonly string[];
  readonly pause_after?: boolean;
  readonly filename?: string;
  readonly query_arg?: string;
  readonly cache?: string;
  readonly request_method?: string;
  readonly request_headers?: readonly (readonly [name: string, value: string | number])[];
  readonly request_body?: string;
  readonly response_status?: readonly [status: number, reason: string];
  readonly response_headers?: readonly (readonly [name: string, value: string | number, isChecked?: boolean])[];
  readonly response_body?: string | null;
  readonly response_pause?: number;
  readonly disconnect?: boolean;
  readonly interim_responses?: readonly (readonly [status: number, headers?: readonly (readonly [string, string])[]])[];
  readonly magic_locations?: boolean;
  readonly magic_ims?: boolean;
  readonly rfc850date?: readonly string[];
  readonly expected_status?: number | null;
  readonly expected_method?: string;
  readonly expected_request_headers?: readonly Expectation[];
  readonly expected_response_headers?: readonly Expectation[];
  readonly expected_response_headers_missing?: readonly Expectation[];
  readonly expected_response_text?: string | null;
  readonly expected_interim_responses?: readonly (readonly [status: number, headers?: readonly (readonly [string, string])[]])[];
  readonly check_body?: boolean;
}

export type Expectation =
  | string
  | readonly [name: string, value: string | number]
  | readonly [name: string, operator: '>' | '=', value: string | number];

export interface CacheTest {
  readonly id: string;
  readonly name: string;
  readonly kind?: 'required' | 'optimal' | 'check';
  readonly depends_on?: readonly string[];
  readonly browser_only?: boolean;
  readonly browser_skip?: boolean;
  readonly cdn_only?: boolean;
  readonly requests: readonly CacheTestRequest[];
}

export interface CacheTestSuite {
  readonly id: string;
  readonly tests: readonly CacheTest[];
}

export interface Arrival {
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The number of the client's request during which it came. */
  readonly during: number;
}

export interface OriginAnswer {
  readonly interim: readonly (readonly [status: number, headers: readonly (readonly [string, string])[]])[];
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly disconnect: boolean;
}

/** A cache under test. */
export interface Subject {
  /** A fresh cache over this origin. */
  start(origin: (method: string, headers: Arrival['headers']) => OriginAnswer): Promise<SubjectClient>;
}

export interface SubjectRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | null;
  readonly mode: string | undefined;
}

export interface SubjectResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly interim: readonly (readonly [status: number, headers: readonly (readonly [string, string])[]])[];
}

export interface SubjectClient {
  send(request: SubjectRequest): Promise<SubjectResponse>;
  close(): Promise<void>;
}

/** Time of its own, in milliseconds since 1970. */
export interface TestTime {
  now(): number;
  pass(milliseconds: number): void;
}

export type Verdict = { readonly result: 'pass' } | { readonly result: 'fail' | 'setup'; readonly because: string };

class Failed extends Error {
  readonly isSetup: boolean;
  constructor(isSetup: boolean, message: string) {
    super(message);
    this.isSetup = isSetup;
  }
}

const dateFields = new Set(['date', 'expires', 'last-modified', 'if-modified-since', 'if-unmodified-since']);

/** Runs one test from its first request to its last. */
export async function runCacheTest(test: CacheTest, subject: Subject, time: TestTime): Promise<Verdict> {
  // Some tests announce the length of what is sent when nothing else is said: of this id.
  const id = randomUUID();
  const arrivals: Arrival[] = [];
  const answered: (readonly (readonly [string, string])[])[] = [];
  let during = 0;

  const client = await subject.start((method, headers) => {
    arrivals.push({ method, headers, during });
    const entry = test.requests[arrivals.length - 1] ?? {};
    if (entry.response_pause !== undefined) time.pass(entry.response_pause * 1000);
    const answer = answerOf(entry, id, arrivals, during, time.now());
    answered.push(answer.headers);
    return answer;
  });
  try {
    let lastNow = time.now();
    for (const [index, entry] of test.requests.entries()) {
      during = index + 1;
      const before = arrivals.length;
      const request = requestOf(entry, id, lastNow, time.now());
      let response: SubjectResponse | undefined;
      try {
        response = await client.send(request);
      } catch (error) {
        if (entry.expected_status !== null) throw new Failed(entry.setup === true, `request ${during} failed: ${String(error)}`);
      }
      if (response !== undefined) check(entry, during, id, response, answered);
      checkArrival(entry, during, arrivals.slice(before));
      lastNow = Number(valueOf(response?.headers ?? [], 'server-now') ?? time.now());
      // What the cache does in the background.
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (entry.pause_after === true) time.pass(3000);
    }
    return { result: 'pass' };
  } catch (error) {
    if (error instanceof Failed) return { result: error.isSetup ? 'setup' : 'fail', because: error.message };
    throw error;
  } finally {
    await client.close();
  }
}

function answerOf(entry: CacheTestRequest, id: string, arrivals: readonly Arrival[], during: number, now: number): OriginAnswer {
  const { headers: asked } = arrivals.at(-1)!;
  const headers: (readonly [string, string])[] = [
    ['Server-Request-Count', String(arrivals.length)],
    ['Client-Request-Count', String(during)],
    ['Server-Now', String(now)],
  ];
  for (const [name, value] of entry.response_headers ?? []) {
    const isLocation = entry.magic_locations === true && /^(?:content-)?location$/i.test(name);
    headers.push([name, isLocation ? `/test/${id}${value === '' ? '' : `/${value}`}` : fieldText(name, value, now, entry.rfc850date)]);
  }
  const common = { interim: (entry.interim_responses ?? []).map(([status, fields]) => [status, fields ?? []] as const), headers };
  const disconnect = entry.disconnect === true;
  if (entry.expected_type === 'etag_validated' || entry.expected_type === 'lm_validated') {
    const condition = entry.expected_type === 'etag_validated' ? 'if-none-match' : 'if-modified-since';
    const isConditional = valueOf(asked, condition) !== undefined;
    return {
      ...common,
      disconnect,
      status: isConditional ? 304 : 999,
      reason: isConditional ? 'Not Modified' : '304 Not Generated',
      body: '',
    };
  }
  const [status, reason] = entry.response_status ?? [200, 'OK'];
  const whole = entry.response_body === null ? '' : (entry.response_body ?? id);
  // What is behind the announced length is no part of the body on any wire.
  const body = whole.slice(0, Number(valueOf(headers, 'content-length') ?? whole.length));
  return { ...common, disconnect, status, reason, body };
}

function requestOf(entry: CacheTestRequest, id: string, lastNow: number, now: number): SubjectRequest {
  const path = `/test/${id}${entry.filename === undefined ? '' : `/${entry.filename}`}${entry.query_arg === undefined ? '' : `?${entry.query_arg}`}`;
  return {
    method: entry.request_method ?? 'GET',
    path,
    headers: (entry.request_headers ?? []).map(([name, value]) => [
      name,
      fieldText(name, value, entry.magic_ims === true ? lastNow : now, entry.rfc850date),
    ]),
    body: entry.request_body ?? null,
    mode: entry.cache,
  };
}

function fieldText(name: string, value: string | number, now: number, rfc850date: readonly string[] = []): string {
  if (typeof value === 'string' || !dateFields.has(name.toLowerCase())) return String(value);
  const date = new Date(now + value * 1000);
  if (!rfc850date.some((other) => other.toLowerCase() === name.toLowerCase())) return date.toUTCString();
  const [, day, month, year, time] = date.toUTCString().split(' ');
  const weekday = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'][date.getUTCDay()]!;
  return `${weekday}, ${day}-${month}-${year!.slice(2)} ${time} GMT`;
}

function check(
  entry: CacheTestRequest,
  number: number,
  id: string,
  response: SubjectResponse,
  answered: readonly (readonly (readonly [string, string])[])[],
): void {
  const isSetup = (name: string): boolean => entry.setup === true || entry.setup_tests?.includes(name) === true;
  const must = (name: string, holds: boolean, message: string): void => {
    if (!holds) throw new Failed(isSetup(name), `response ${number}: ${message}`);
  };
  const count = Number(valueOf(response.headers, 'server-request-count'));

  if (entry.expected_type === 'cached' && !(response.status === 304 && Number.isNaN(count))) {
    must('expected_type', count < number, 'comes from the origin, and should be cached');
  }
  if (entry.expected_type === 'not_cached') must('expected_type', count === number, 'is cached, and should come from the origin');

  const [expectedStatus] = entry.response_status ?? [200];
  if (entry.expected_status !== undefined)
    must('expected_status', response.status === entry.expected_status, `has the status ${response.status}`);
  else if (response.status === 999) must('expected_type', false, 'was to be asked for conditionally');
  else if (response.status !== expectedStatus) throw new Failed(true, `response ${number}: has the status ${response.status}`);

  for (const expectation of entry.expected_response_headers ?? []) {
    must(
      'expected_response_headers',
      meets(expectation, response.headers, answered[count - 1]),
      `should have ${JSON.stringify(expectation)}`,
    );
  }
  for (const expectation of entry.expected_response_headers_missing ?? []) {
    const has =
      typeof expectation === 'string'
        ? valueOf(response.headers, expectation) !== undefined
        : (valueOf(response.headers, expectation[0]) ?? '').includes(String(expectation[1]));
    must('expected_response_headers_missing', !has, `should not have ${JSON.stringify(expectation)}`);
  }
  if (entry.expected_interim_responses !== undefined) {
    const isSame = entry.expected_interim_responses.every(([status, headers], index) => {
      const interim = response.interim[index];
      return interim?.[0] === status && (headers ?? []).every(([name, value]) => valueOf(interim[1], name) === value);
    });
    must('expected_interim_responses', isSame, 'should have come after others');
  }
  if (entry.expected_response_text !== undefined) {
    if (entry.expected_response_text !== null)
      must('expected_response_text', response.body === entry.expected_response_text, `is ${response.body}`);
  } else if (entry.check_body !== false && response.status !== 304 && entry.request_method !== 'HEAD' && entry.response_body !== null) {
    if (response.body !== (entry.response_body ?? id))
      throw new Failed(true, `response ${number}: has the body ${JSON.stringify(response.body)}`);
  }
}

function checkArrival(entry: CacheTestRequest, number: number, arrived: readonly Arrival[]): void {
  const isSetup = (name: string): boolean => entry.setup === true || entry.setup_tests?.includes(name) === true;
  const [arrival] = arrived;
  const must = (name: string, holds: boolean, message: string): void => {
    if (!holds) throw new Failed(isSetup(name), `request ${number}: ${message}`);
  };
  if (entry.expected_type === 'etag_validated') {
    must('expected_type', arrival !== undefined && valueOf(arrival.headers, 'if-none-match') !== undefined, 'should have If-None-Match');
  }
  if (entry.expected_type === 'lm_validated') {
    must(
      'expected_type',
      arrival !== undefined && valueOf(arrival.headers, 'if-modified-since') !== undefined,
      'should have If-Modified-Since',
    );
  }
  if (entry.expected_method !== undefined)
    must('expected_method', arrival?.method === entry.expected_method, `has the method ${arrival?.method}`);
  for (const expectation of entry.expected_request_headers ?? []) {
    must(
      'expected_request_headers',
      arrival !== undefined && meets(expectation, arrival.headers, undefined),
      `should have ${JSON.stringify(expectation)}`,
    );
  }
}

function meets(
  expectation: Expectation,
  headers: readonly (readonly [string, string])[],
  told: readonly (readonly [string, string])[] | undefined,
): boolean {
  if (typeof expectation === 'string') return valueOf(headers, expectation) !== undefined;
  const [name, second, third] = expectation;
  const value = valueOf(headers, name);
  if (third === undefined) {
    if (typeof second === 'number' && dateFields.has(name.toLowerCase())) return value !== undefined && value === valueOf(told ?? [], name);
    return value === String(second);
  }
  if (second === '>') return Number(value) > Number(third);
  return value !== undefined && value === valueOf(headers, String(third));
}

function valueOf(headers: readonly (readonly [string, string])[], name: string): string | undefined {
  const values = headers.filter(([given]) => given.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ');
}
