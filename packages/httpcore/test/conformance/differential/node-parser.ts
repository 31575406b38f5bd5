/** The same reply through the parser inside Node, which its `http` module uses: another binding, often of another llhttp. */
import { createRequire } from 'node:module';

import type { HeaderPair } from '../../../src/contract/dispatcher.ts';
import type { Ending, HeadSeen, Outcome, Question } from '../outcome.ts';

/** As far as it is used here. Internal to Node, and the same from 20 to 26. */
interface Parser {
  [callback: number]: (...facts: never[]) => number | void;
  initialize(type: number, resource: object, maxHeaderSize: number, leniency: number): void;
  execute(chunk: Uint8Array): number | Error;
  finish(): Error | undefined;
  remove(): void;
  free(): void;
}

interface ParserClass {
  new (): Parser;
  readonly RESPONSE: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
  readonly kLenientNone: number;
}

const { HTTPParser } = createRequire(import.meta.url)('_http_common') as { readonly HTTPParser: ParserClass };

const noBody = 1;
const upgraded = 2;

export function nodeOutcomeOf(bytes: Uint8Array, question: Question = {}): Outcome {
  const { method = 'GET', upgrade = false, closes = false } = question;
  const informational: Omit<HeadSeen, 'version'>[] = [];
  let head: HeadSeen | undefined;
  let isTunnel = false;
  let fields: string[] = [];
  const body: string[] = [];
  let ending: Ending = 'waiting';

  const parser = new HTTPParser();
  parser.initialize(HTTPParser.RESPONSE, {}, 65_536, HTTPParser.kLenientNone);
  // Fields come in batches of 32, the last batch of a head with its end; trailers come in this way too.
  parser[HTTPParser.kOnHeaders] = (batch: string[]): void => {
    if (ending === 'waiting') fields.push(...batch);
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    major: number,
    minor: number,
    batch: string[] | undefined,
    _method: unknown,
    _url: unknown,
    status: number,
    reason: string,
  ): number => {
    if (ending !== 'waiting') return 0;
    const headers = pairsOf([...fields, ...(batch ?? [])]);
    fields = [];
    if (status < 200 && status !== 101) {
      informational.push({ status, reason, headers });
      return noBody;
    }
    head = { version: `${major}.${minor}`, status, reason, headers };
    isTunnel = status === 101 && upgrade;
    return isTunnel ? upgraded : method === 'HEAD' ? noBody : 0;
  };
  parser[HTTPParser.kOnBody] = (part: Uint8Array): void => {
    if (ending === 'waiting') body.push(Buffer.from(part).toString('latin1'));
  };
  parser[HTTPParser.kOnMessageComplete] = (): void => {
    if (head !== undefined && !isTunnel && ending === 'waiting') ending = 'complete';
  };

  const result = parser.execute(bytes);
  if (result instanceof Error) {
    if (ending === 'waiting') ending = 'fault';
  } else if (isTunnel) {
    body.push(Buffer.from(bytes.subarray(result)).toString('latin1'));
  }
  if (closes && isEnding(ending, 'waiting'))
    ending = isTunnel || (parser.finish() === undefined && head !== undefined) ? 'complete' : 'fault';
  parser.remove();
  parser.free();
  return {
    informational,
    head,
    body: body.join(''),
    trailers: isEnding(ending, 'complete') ? pairsOf(fields) : [],
    ending,
    code: undefined,
  };
}

// Callbacks change it where the type checker does not look.
function isEnding(ending: Ending, asked: Ending): boolean {
  return ending === asked;
}

function pairsOf(flat: readonly string[]): HeaderPair[] {
  const pairs: HeaderPair[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) pairs.push([flat[index]!, flat[index + 1]!.replace(/[ \t]+$/, '')]);
  return pairs;
}
