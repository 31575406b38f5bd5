/** The promise of a whole response, with what one would do with that response: `await client.get(url).json()`. */
import { linesInMemory, type LinesOptions } from './lines.ts';
import type { Response } from './response.ts';
import type { StandardSchema } from './schema.ts';
import type { OwnBytes } from './own-bytes.ts';

/**
 * What the verbs give: a promise of the response, and its methods ahead of it. Each waits for the response; what the call fails with,
 * they fail with. None looks at the status but {@link raiseForStatus}.
 *
 * @example
 * const user = await client.get('/user').raiseForStatus().json<User>();
 */
export interface ResponsePromise extends Promise<Response> {
  /** As `(await promise).json()`. */
  json<T = unknown>(): Promise<T>;
  json<Output>(schema: StandardSchema<Output>): Promise<Output>;
  /** As `(await promise).text()`. */
  text(charset?: string): Promise<string>;
  /** As `(await promise).bytes()`. */
  bytes(): Promise<OwnBytes>;
  /** As `(await promise).blob()`. */
  blob(): Promise<Blob>;
  /**
   * The lines of the body, which is read as a whole first; those of `stream()` come as they come.
   * @example
   * for await (const line of client.get('/log').lines()) console.log(line);
   */
  lines(options?: LinesOptions): AsyncIterableIterator<string>;
  /**
   * As `(await promise).jsonLines()`.
   * @example
   * const users = await client.get('/users.ndjson').jsonLines<User>();
   */
  jsonLines<T = unknown>(): Promise<T[]>;
  /**
   * As `(await promise).raiseForStatus()`.
   * @throws {HTTPStatusError} the status is 400 or more.
   */
  raiseForStatus(): ResponsePromise;
}

/**
 * The same promise. Its methods are properties of its own: a promise of another class, or with another prototype, would be awaited in
 * more turns, or more slowly, by the many that use none of them.
 */
export function toResponsePromise(promise: Promise<Response>): ResponsePromise {
  const extended = promise as { -readonly [Name in keyof ResponsePromise]: ResponsePromise[Name] };
  extended.json = json;
  extended.text = text;
  extended.bytes = bytes;
  extended.blob = blob;
  extended.lines = lines;
  extended.jsonLines = jsonLines;
  extended.raiseForStatus = raiseForStatus;
  return extended;
}

// With `await` throughout, and no then(): so the stacks of errors lead to the line that asked.
async function json(this: ResponsePromise, schema?: StandardSchema): Promise<never> {
  const response = await this;
  return (schema === undefined ? response.json() : await response.json(schema)) as never;
}

function text(this: ResponsePromise, charset?: string): Promise<string> {
  return this.then((response) => response.text(charset));
}

function bytes(this: ResponsePromise): Promise<OwnBytes> {
  return this.then((response) => response.bytes());
}

function blob(this: ResponsePromise): Promise<Blob> {
  return this.then((response) => response.blob());
}

function jsonLines(this: ResponsePromise): Promise<never[]> {
  return this.then((response) => response.jsonLines<never>());
}

function raiseForStatus(this: ResponsePromise): ResponsePromise {
  return toResponsePromise(this.then((response) => response.raiseForStatus()));
}

function lines(this: ResponsePromise, options: LinesOptions = {}): AsyncIterableIterator<string> {
  // Whoever begins to read them is told.
  this.catch(() => {});
  return linesOf(this, options);
}

async function* linesOf(promise: Promise<Response>, options: LinesOptions): AsyncGenerator<string, undefined, undefined> {
  const response = await promise;
  yield* linesInMemory(response, options);
  return undefined;
}
