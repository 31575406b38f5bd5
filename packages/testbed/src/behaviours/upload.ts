import type { Behaviour } from '../server/http-server.ts';
import { answerJson } from './answers.ts';
import { digestBody, type BodyDigest } from './request-body.ts';

export interface Upload extends BodyDigest {
  /** How the client framed it. */
  readonly framing: 'length' | 'chunked' | 'none';
  readonly contentType: string | undefined;
}

export interface UploadExtras {
  readonly uploads: readonly Upload[];
}

/** Counts and digests request bodies; answers with an `Upload` as JSON. */
export function upload(): Behaviour<UploadExtras> {
  const uploads: Upload[] = [];
  return {
    handle(request, response) {
      const { 'content-length': length, 'transfer-encoding': coding, 'content-type': contentType } = request.headers;
      const framing = coding === undefined ? (length === undefined ? 'none' : 'length') : 'chunked';
      void digestBody(request).then((digest) => {
        const seen: Upload = { ...digest, framing, contentType };
        uploads.push(seen);
        if (digest.complete) answerJson(response, 200, seen);
      });
    },
    extras: { uploads },
  };
}
