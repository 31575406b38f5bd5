/** Handlers of both generations that write down what they are told. */
import type { AnyUndiciHandler, LegacyUndiciHandler, UndiciHandler } from '../../../src/undici/handlers.ts';

export interface Recording {
  readonly calls: string[];
  readonly handler: AnyUndiciHandler;
  /** Of the end, or of the failure. */
  readonly over: Promise<Error | undefined>;
  abort(reason?: Error): void;
  resume(): void;
  body(): string;
  error: Error | undefined;
}

export type Generation = 'former' | 'present';
export const generations: readonly Generation[] = ['former', 'present'];

interface Wishes {
  /** Called with each thing told, such as `head 200`; what it throws comes out of the handler. */
  readonly on?: (call: string, recording: Recording) => void;
  readonly pauseAt?: string;
}

export function record(generation: Generation, { on, pauseAt }: Wishes = {}): Recording {
  const chunks: string[] = [];
  let settle!: (error: Error | undefined) => void;
  let abort: (reason?: Error) => void = () => {};
  let resume: () => void = () => {};
  const recording: Recording = {
    calls: [],
    over: new Promise((resolve) => {
      settle = resolve;
    }),
    handler: {},
    error: undefined,
    abort: (reason) => abort(reason),
    resume: () => resume(),
    body: () => chunks.join(''),
  };
  const told = (call: string): boolean => {
    recording.calls.push(call);
    on?.(call, recording);
    return call !== pauseAt;
  };
  const failed = (error: Error): void => {
    recording.error = error;
    told('error');
    settle(error);
  };
  const former: LegacyUndiciHandler = {
    onConnect(how) {
      abort = how;
      told('start');
    },
    onHeaders(status, _, how) {
      resume = how;
      return told(`head ${status}`);
    },
    onData(chunk) {
      chunks.push(chunk.toString());
      return told('data');
    },
    onComplete(trailers) {
      told(`end ${trailers.join(' ')}`.trim());
      settle(undefined);
    },
    onError: failed,
    onUpgrade(status) {
      told(`upgrade ${status}`);
      settle(undefined);
    },
  };
  const present: UndiciHandler = {
    onRequestStart(controller) {
      abort = (reason) => controller.abort(reason);
      resume = () => controller.resume();
      told('start');
    },
    onResponseStart(controller, status) {
      if (!told(`head ${status}`)) controller.pause();
    },
    onResponseData(controller, chunk) {
      chunks.push(chunk.toString());
      if (!told('data')) controller.pause();
    },
    onResponseEnd(_, trailers) {
      told(`end ${Object.entries(trailers).flat().join(' ')}`.trim());
      settle(undefined);
    },
    onResponseError(_, error) {
      failed(error);
    },
    onRequestUpgrade(_, status) {
      told(`upgrade ${status}`);
      settle(undefined);
    },
  };
  return Object.assign(recording, { handler: generation === 'former' ? former : present });
}
