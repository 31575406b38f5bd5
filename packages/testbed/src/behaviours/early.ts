import type { Behaviour } from '../server/http-server.ts';
import { answerText } from './answers.ts';
import { digestBody, type BodyDigest } from './request-body.ts';

export interface EarlyOptions {
  /** Default 413. */
  readonly status?: number;
  /** Default `enough`. */
  readonly body?: string;
  /** Answers with `Connection: close` and closes without reading the upload. Default false: reads it to its end. */
  readonly close?: boolean;
}

export interface EarlyExtras {
  /** The uploads read to their end, as far as they came. */
  readonly uploads: readonly BodyDigest[];
}

/** Answers as soon as it has the head, while the upload still runs. */
export function early(options: EarlyOptions = {}): Behaviour<EarlyExtras> {
  const uploads: BodyDigest[] = [];
  return {
    handle(request, response) {
      if (options.close !== true) void digestBody(request).then((upload) => uploads.push(upload));
      answerText(response, options.status ?? 413, options.body ?? 'enough', options.close === true ? { Connection: 'close' } : {});
    },
    extras: { uploads },
  };
}
