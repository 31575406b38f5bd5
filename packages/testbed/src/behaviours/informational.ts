import { createGate, type Gate } from '../gate.ts';
import type { Behaviour } from '../server/http-server.ts';
import { answerText } from './answers.ts';

export interface InformationalOptions {
  /** `Link` values of the 103 responses, one response each. Default one stylesheet. */
  readonly hints?: readonly string[];
  /** Sends 102 Processing first. Default false. */
  readonly processing?: boolean;
  /** Holds the final response back until the test opens `final`. Default false. */
  readonly gated?: boolean;
}

export interface InformationalExtras {
  readonly final: Gate;
}

/** 103 Early Hints (RFC 8297), and 102 where asked, before the final response. */
export function informational(options: InformationalOptions = {}): Behaviour<InformationalExtras> {
  const { hints = ['</style.css>; rel=preload; as=style'] } = options;
  const final = createGate();
  if (options.gated !== true) final.open();
  return {
    handle(request, response) {
      request.resume();
      if (options.processing === true) response.writeProcessing();
      for (const link of hints) response.writeEarlyHints({ link });
      void final.opened.then(() => answerText(response, 200, 'final'));
    },
    extras: { final },
  };
}
