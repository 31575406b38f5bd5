/** One exchange, while it is recorded: it goes its way unchanged, and what passes is noted. */
import {
  isDuplexBody,
  type ByteIterable,
  type DispatchContext,
  type DispatchResponse,
  type HeaderPair,
  type ResponseBody,
  type TrailerSource,
  type UrlParts,
} from '@x/httpcore';

import { Attempt } from '../call/attempt.ts';
import { writtenContent, type Piece } from '../har/har-content.ts';
import { harPairs, harPostData, harRequest, harResponse, harTimings, noResponse, rounded, totalTime } from '../har/har-message.ts';
import type { HarContent, HarEntry, HarFailure, HarInformational, HarPostData, HarResponse } from '../har/har.ts';
import type { Mask } from '../har/mask.ts';
import { findHeader } from '../request/fields/header-input.ts';
import { now } from '../time/platform.ts';
import { failureRecord } from './failure-record.ts';
import { CollectedBody, hrefOf } from './matching.ts';
import { RecordedBody, type BodyEnd } from './recorded-body.ts';
import { recordedUpload } from './recorded-upload.ts';

interface Head {
  readonly httpVersion: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly HeaderPair[];
}

export class RecordedExchange {
  readonly #method: string;
  readonly #url: UrlParts;
  readonly #headers: readonly HeaderPair[];
  readonly #mask: Mask;
  readonly #maxBodyBytes: number;
  readonly #attempt: Attempt<null>;
  readonly #startedAt = now();
  readonly #onEnd: () => void;
  readonly #informational: HarInformational[] = [];
  #sent: CollectedBody | undefined;
  #uploaded = true;
  #sentTrailers: readonly HeaderPair[] | undefined;
  #head: Head | undefined;
  #headAt = 0;
  #upgraded = false;
  #failure: HarFailure | undefined;
  #body: RecordedBody | undefined;
  #ended = false;
  #entry: HarEntry | undefined;

  constructor(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    mask: Mask,
    maxBodyBytes: number,
    context: DispatchContext | undefined,
    onEnd: () => void,
  ) {
    this.#method = method;
    this.#url = url;
    this.#headers = headers;
    this.#mask = mask;
    this.#maxBodyBytes = maxBodyBytes;
    this.#attempt = new Attempt(null, context?.trace);
    this.#onEnd = onEnd;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The body to send instead: the same, seen. */
  upload(body: ByteIterable | null): ByteIterable | null {
    if (body === null) return null;
    return recordedUpload(body, {
      begun: () => {
        this.#sent = new CollectedBody(this.#maxBodyBytes);
        this.#uploaded = false;
      },
      passed: (chunk) => this.#sent?.add(chunk),
      ended: () => (this.#uploaded = true),
    });
  }

  context(context: DispatchContext | undefined): DispatchContext {
    return {
      ...context,
      trace: this.#attempt.observe,
      traceInAnyContext: context?.trace === undefined ? true : context.traceInAnyContext,
      onInformational: (status, reason, headers) => {
        this.#informational.push({
          status,
          statusText: reason,
          headers: harPairs(headers, this.#mask),
          at: rounded(now() - this.#startedAt),
        });
        context?.onInformational?.(status, reason, headers);
      },
      trailers: this.#trailers(context?.trailers),
    };
  }

  /** The response to hand out instead. */
  async answered([httpVersion, status, reason, headers, body]: DispatchResponse): Promise<DispatchResponse> {
    this.#head = { httpVersion, status, reason, headers };
    this.#headAt = now();
    this.#attempt.httpVersion = httpVersion;
    if (isDuplexBody(body)) {
      this.#upgraded = true;
      this.#end();
      return [httpVersion, status, reason, headers, body];
    }
    return [httpVersion, status, reason, headers, await this.#watched(body)];
  }

  failed(error: unknown): void {
    this.#failure = failureRecord(error, this.#mask);
    this.#end();
  }

  async #watched(body: ResponseBody): Promise<ResponseBody> {
    const watched = new RecordedBody(body, this.#maxBodyBytes, (end) => this.#bodyEnded(end));
    this.#body = watched;
    // All of it is here: it is recorded even if nobody reads it.
    if (body.trailers !== undefined) await watched.readNow();
    return watched;
  }

  #bodyEnded({ error }: BodyEnd): void {
    if (error !== undefined) this.#failure = failureRecord(error, this.#mask);
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#attempt.end();
    this.#onEnd();
  }

  #trailers(source: TrailerSource | undefined): TrailerSource | undefined {
    if (typeof source !== 'function') {
      this.#sentTrailers = source;
      return source;
    }
    return async () => (this.#sentTrailers = await source());
  }

  /** As far as it has come. */
  entry(): HarEntry {
    if (this.#entry !== undefined) return this.#entry;
    const entry = this.#written();
    if (this.#ended) this.#entry = entry;
    return entry;
  }

  #written(): HarEntry {
    const timings = harTimings(this.#attempt.timings);
    const { startedAt, remoteAddress, connectionId, httpVersion } = this.#attempt.timings;
    const sent = this.#sent?.length ?? 0;
    return {
      startedDateTime: new Date(startedAt).toISOString(),
      time: totalTime(timings),
      request: harRequest(
        {
          method: this.#method,
          url: hrefOf(this.#url),
          headers: this.#headers,
          httpVersion,
          postData: this.#postData(),
          bodySize: sent,
          trailers: this.#sentTrailers,
        },
        this.#mask,
      ),
      response: this.#response(),
      cache: {},
      timings,
      ...(remoteAddress === undefined ? {} : { serverIPAddress: remoteAddress }),
      ...(connectionId === undefined ? {} : { connection: String(connectionId) }),
      ...(this.#informational.length === 0 ? {} : { _informational: this.#informational }),
      ...(this.#failure === undefined ? {} : { _failure: this.#failure }),
      ...(this.#upgraded ? { _upgraded: true as const } : {}),
    };
  }

  /** The response may say again what the request said, and what it says of itself. */
  #maskOfResponse(): Mask {
    const mediaType = findHeader(this.#headers, 'content-type') ?? '';
    const sent = this.#sent === undefined ? undefined : { ...this.#sent.take(), mediaType };
    return this.#mask.knowing(this.#headers, hrefOf(this.#url), sent).knowing(this.#head?.headers ?? []);
  }

  #postData(): HarPostData | undefined {
    if (this.#sent === undefined) return undefined;
    const { bytes, sha256 } = this.#sent.take();
    const mediaType = findHeader(this.#headers, 'content-type') ?? '';
    return {
      ...harPostData(bytes, mediaType, this.#mask),
      ...(this.#uploaded ? {} : { _incomplete: true as const }),
      ...(sha256 === undefined ? {} : { _sha256: sha256 }),
    };
  }

  #response(): HarResponse {
    const head = this.#head;
    const failure = this.#failure;
    const error = failure === undefined ? undefined : `${failure.name} ${failure.code}: ${failure.message}`;
    if (head === undefined) return noResponse(error);
    const { headers } = head;
    const mask = this.#maskOfResponse();
    const { content, grown } = this.#content(headers, mask);
    const response = harResponse(
      {
        ...head,
        headers: grown === 0 ? headers : headers.map((pair) => lengthened(pair, grown)),
        content,
        bodySize: this.#body?.length ?? -1,
        trailers: this.#body?.trailers,
      },
      mask,
    );
    return error === undefined ? response : { ...response, _error: error };
  }

  #content(headers: readonly HeaderPair[], mask: Mask): { readonly content: HarContent; readonly grown: number } {
    const body = this.#body;
    const end = body?.end;
    // Left unread, or left in the middle, by whoever asked.
    const closed = body !== undefined && (end === undefined || end.closed);
    const pieces: Piece[] = body?.pieces.map(({ at, bytes }) => ({ at: Math.max(0, at - this.#headAt), bytes })) ?? [];
    return writtenContent(
      {
        pieces,
        mediaType: findHeader(headers, 'content-type') ?? '',
        coding: findHeader(headers, 'content-encoding') ?? '',
        complete: end !== undefined && !end.closed && end.error === undefined && body?.isTooLong !== true,
        incomplete: body?.isTooLong === true ? 'large' : closed ? 'closed' : undefined,
      },
      mask,
      Math.max(this.#maxBodyBytes, 1024 * 1024) * 4,
    );
  }
}

/** A length that is told fits what is written. */
function lengthened([name, value]: HeaderPair, grown: number): HeaderPair {
  return name.toLowerCase() === 'content-length' && /^\d+$/.test(value) ? [name, String(Number(value) + grown)] : [name, value];
}
