import { createGate, type Gate } from '../gate.ts';
import type { Behaviour, Handler } from '../server/http-server.ts';
import { answerJson, answerText } from './answers.ts';
import { digestBody, type BodyDigest } from './request-body.ts';

export interface ExpectationOptions {
  /**
   * To `Expect: 100-continue`. `continue` (default): 100, at once or when its gate opens. `refuse`: 417 and close.
   * `silent`: nothing until the body comes anyway.
   */
  readonly answer?: 'continue' | 'refuse' | 'silent';
  /** Holds 100 back until the test opens `permission`. Default false. */
  readonly gated?: boolean;
}

export interface ExpectationExtras {
  /** What a `gated` server waits for. */
  readonly permission: Gate;
  readonly uploads: readonly BodyDigest[];
}

/** Treats `Expect: 100-continue` (RFC 9110, section 10.1.1) as told; answers with the upload's digest. */
export function expectation(options: ExpectationOptions = {}): Behaviour<ExpectationExtras> {
  const permission = createGate();
  if (options.gated !== true) permission.open();
  const uploads: BodyDigest[] = [];

  const accept: Handler = (request, response) => {
    void digestBody(request).then((upload) => {
      uploads.push(upload);
      if (upload.complete) answerJson(response, 200, upload);
    });
  };
  return {
    handle: accept,
    events: {
      checkContinue(request, response) {
        if (options.answer === 'refuse') {
          answerText(response, 417, 'no', { Connection: 'close' });
          return;
        }
        if (options.answer !== 'silent') void permission.opened.then(() => response.writeContinue());
        accept(request, response);
      },
    },
    extras: { permission, uploads },
  };
}
