import type { Behaviour } from '../server/http-server.ts';
import { answerJson } from './answers.ts';

export interface JsonOptions {
  /** Default: a small document of nested values. */
  readonly value?: unknown;
  readonly status?: number;
}

const SAMPLE_DOCUMENT = {
  name: 'testbed',
  numbers: [1, 2.5, -3],
  nested: { flag: true, nothing: null, text: 'grüße, 世界' },
} as const;

/** A value as JSON. */
export function json(options: JsonOptions = {}): Behaviour {
  const value = Object.hasOwn(options, 'value') ? options.value : SAMPLE_DOCUMENT;
  return { handle: (_request, response) => answerJson(response, options.status ?? 200, value), extras: {} };
}
