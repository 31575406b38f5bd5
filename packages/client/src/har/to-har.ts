/** Responses, and failed calls, as an HTTP Archive. */
import { AnyResponse, type AttemptRecord } from '../response/any-response.ts';
import { callOf } from '../call/failed-call.ts';
import { InvalidOption } from '../errors.ts';
import { boolean } from '../options/checks.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import { bytesInMemory } from '../request/bytes-in-memory.ts';
import { findHeader } from '../request/fields/header-input.ts';
import { harOf, harPostData, harRequest, harResponse, harTimings, noResponse, textOf, totalTime } from './har-message.ts';
import type { Har, HarContent, HarEntry, HarPostData } from './har.ts';
import { Mask, type MaskOptions } from './mask.ts';

/** What `toHar()` may be told: what is masked besides, and whether bodies are in it. */
export interface ToHarOptions {
  /** Which secrets are masked, beside those that always are. */
  readonly mask?: MaskOptions | undefined;
  /** Are bodies that are in memory part of it? Default `true`. */
  readonly bodies?: boolean | undefined;
}

const optionNames: OptionNames<ToHarOptions> = Object.freeze({ mask: undefined, bodies: undefined });

/**
 * What calls have been through, as an HTTP Archive that the dev tools of browsers open: an entry for each attempt and each hop, with its timings. Of a
 * failed call, give the error. Bodies are in it as far as they are in memory: not those of `stream()`, nor uploads that are read as they go. Secrets are
 * masked.
 *
 * @throws {InvalidOption} it is neither a response nor an error of a call, or an option is impossible.
 * @example
 * const response = await client.get('https://example.com/');
 * await writeFile('example.har', JSON.stringify(toHar([response])));
 */
export function toHar(calls: Iterable<AnyResponse | Error>, options: ToHarOptions = {}): Har {
  const { mask, bodies = true } = ownOptions(options, optionNames);
  const writer = new Writer(Mask.of(mask), boolean('bodies', bodies));
  for (const call of calls) writer.add(call);
  return harOf(writer.entries);
}

class Writer {
  readonly #mask: Mask;
  readonly #bodies: boolean;
  readonly #attempts = new Map<AttemptRecord, AnyResponse | undefined>();

  constructor(mask: Mask, bodies: boolean) {
    this.#mask = mask;
    this.#bodies = bodies;
  }

  add(call: AnyResponse | Error): void {
    const failed = callOf(call);
    const response = call instanceof AnyResponse ? call : responseOf(call);
    if (failed === undefined && response === undefined) {
      throw new InvalidOption('calls', 'must have responses of a client, and errors that calls of a client failed with');
    }
    for (const attempt of [...(failed?.attempts ?? []), ...(response?.attempts ?? [])]) this.#note(attempt, undefined);
    for (const hop of [...(failed?.history ?? []), ...(response?.history ?? [])]) this.#note(hop.attempt, hop);
    if (response !== undefined) this.#note(response.attempt, response);
  }

  get entries(): readonly HarEntry[] {
    const entries = Array.from(this.#attempts, ([attempt, response]) => this.#entry(attempt, response));
    return entries.sort((a, b) => (a.startedDateTime < b.startedDateTime ? -1 : Number(a.startedDateTime > b.startedDateTime)));
  }

  #note(attempt: AttemptRecord, response: AnyResponse | undefined): void {
    this.#attempts.set(attempt, response ?? this.#attempts.get(attempt));
  }

  #entry(attempt: AttemptRecord, response: AnyResponse | undefined): HarEntry {
    const { request, status, error } = attempt;
    const { startedAt, remoteAddress, connectionId, httpVersion } = attempt.timings;
    const timings = harTimings(attempt.timings);
    const mask = this.#mask;
    const mediaType = findHeader(request.rawHeaders, 'content-type') ?? '';
    const sent = request.body === null || !this.#bodies ? undefined : bytesInMemory(request.body);
    const knowing = mask.knowing(request.rawHeaders, request.url, sent === undefined ? undefined : { bytes: sent, mediaType });
    return {
      startedDateTime: new Date(startedAt).toISOString(),
      time: totalTime(timings),
      request: harRequest(
        {
          method: request.method,
          url: request.url,
          headers: request.rawHeaders,
          httpVersion,
          postData: request.body === null ? undefined : this.#postData(sent, mediaType),
          bodySize: request.body === null ? 0 : (request.body.length ?? -1),
        },
        mask,
      ),
      response:
        status === undefined
          ? noResponse(error instanceof Error ? `${error.name}: ${mask.text(error.message)}` : undefined)
          : harResponse(
              {
                status,
                reason: response?.reason ?? '',
                httpVersion: response?.httpVersion ?? httpVersion,
                headers: response?.rawHeaders ?? [],
                content: this.#content(response, knowing),
                bodySize: -1,
                trailers: response?.trailers === undefined ? undefined : [...response.trailers],
              },
              knowing,
            ),
      cache: {},
      timings,
      ...(remoteAddress === undefined ? {} : { serverIPAddress: remoteAddress }),
      ...(connectionId === undefined ? {} : { connection: String(connectionId) }),
    };
  }

  #postData(bytes: Uint8Array | undefined, mediaType: string): HarPostData {
    if (bytes === undefined) return { mimeType: mediaType, text: '', comment: this.#bodies ? 'was not in memory' : 'was left out' };
    return harPostData(bytes, mediaType, this.#mask);
  }

  #content(response: AnyResponse | undefined, mask: Mask): HarContent {
    const mimeType = (response === undefined ? undefined : findHeader(response.rawHeaders, 'content-type')) ?? 'x-unknown';
    const bytes = response?.inMemory;
    if (bytes === undefined) return { size: -1, mimeType, comment: 'was not in memory' };
    if (!this.#bodies) return { size: bytes.length, mimeType, comment: 'was left out' };
    const { text, encoding } = textOf(mask.body(bytes, mimeType).bytes);
    return { size: bytes.length, mimeType, text, ...(encoding === undefined ? {} : { encoding }) };
  }
}

function responseOf(error: unknown): AnyResponse | undefined {
  const { response } = Object(error) as { readonly response?: unknown };
  return response instanceof AnyResponse ? response : undefined;
}
