/**
 * Reads llhttp's event logs, and says what a client that shares llhttp's view would tell its caller.
 *
 * A log has spans by offset into the input, so nothing is read out of its quoted text.
 */
import type { HeaderPair } from '../../../src/contract/dispatcher.ts';
import type { Ending, HeadSeen, Outcome, Question } from '../outcome.ts';

export interface LlhttpCase {
  /** The page of llhttp's test suite. */
  readonly file: string;
  readonly name: string;
  /** `response`, or `response-` and the lenient flag that is on, or `response-finish`: the input ends. */
  readonly type: string;
  readonly meta: { readonly skipBody?: boolean; readonly pause?: string };
  readonly inputB64: string;
  readonly log: readonly string[];
}

export interface ExpectedOutcome extends Omit<Outcome, 'code'> {
  /** Is another message read behind the answer? */
  readonly readsOn: boolean;
  /** What the ending becomes when the server closes the connection then. */
  readonly endingAtClose: Ending;
}

interface Message extends HeadSeen {
  body: string;
  /** Fields before the body are in `headers`, those after it here. */
  trailers: HeaderPair[];
  headComplete: boolean;
  complete: boolean;
  endsAtClose: boolean;
}

const flags = { chunked: 0x8, contentLength: 0x20 };

/** The question that makes our engine read as llhttp was told to, as far as it can be told. */
export function questionOf({ type, meta, name }: LlhttpCase): Question {
  return {
    method: meta.skipBody === true ? 'HEAD' : 'GET',
    upgrade: / 101 /.test(` ${name} `),
    lenient: type.startsWith('response-lenient'),
  };
}

export function expectedOutcome(given: LlhttpCase): ExpectedOutcome {
  const input = Buffer.from(given.inputB64, 'base64');
  const messages: Message[] = [];
  let failed = false;
  let tunnel = '';
  for (const line of given.log) {
    const event = /^off=(\w+) (.*)$/s.exec(line);
    if (event === null) throw new Error(`Not an event: ${line}`);
    const at = Number(event[1]);
    const what = event[2]!;
    const message = messages.at(-1);
    const span = /^len=(\d+) span\[(\w+)\]/.exec(what);
    if (span !== null) addSpan(message!, span[2]!, input.toString('latin1', at, at + Number(span[1])));
    else if (what === 'message begin') messages.push(emptyMessage());
    else if (what.startsWith('headers complete')) completeHead(message!, what);
    else if (what === 'message complete') message!.complete = true;
    // The parser stops before what is not HTTP any more; the bytes are the tunnel's.
    else if (what.includes('Pause on CONNECT/Upgrade')) tunnel = input.toString('latin1', at);
    else if (what.startsWith('error ')) failed = true;
    else if (!/^(?:reset|pause|skip body|finish=\d|chunk |(?:\w+) complete)/.test(what))
      throw new Error(`An event that we do not know: ${line}`);
  }
  const isInformational = ({ status, headComplete }: Message): boolean => headComplete && status < 200 && status !== 101;
  const final = messages.find((message) => message.headComplete && !isInformational(message));
  const isTunnel = final?.status === 101;
  const finished = given.type === 'response-finish';
  const complete = final !== undefined && !isTunnel && (final.complete || (finished && final.endsAtClose));
  const ending = failed ? 'fault' : complete ? 'complete' : 'waiting';
  const endsAtClose = isTunnel || final?.endsAtClose === true;
  return {
    readsOn: final !== undefined && messages.indexOf(final) < messages.length - 1,
    informational: messages.filter(isInformational).map(({ status, reason, headers }) => ({ status, reason, headers })),
    head: final === undefined ? undefined : { version: final.version, status: final.status, reason: final.reason, headers: final.headers },
    body: isTunnel ? tunnel : (final?.body ?? ''),
    trailers: final?.trailers ?? [],
    ending,
    endingAtClose: ending === 'waiting' ? (endsAtClose ? 'complete' : 'fault') : ending,
  };
}

function emptyMessage(): Message {
  return {
    version: '',
    status: 0,
    reason: '',
    headers: [],
    body: '',
    trailers: [],
    headComplete: false,
    complete: false,
    endsAtClose: false,
  };
}

function addSpan(message: Message, kind: string, text: string): void {
  const fields = (message.headComplete ? message.trailers : message.headers) as [string, string][];
  switch (kind) {
    case 'version':
      Object.assign(message, { version: text });
      break;
    case 'status':
      Object.assign(message, { reason: text });
      break;
    case 'header_field':
      fields.push([text, '']);
      break;
    case 'header_value': {
      // llhttp leaves white space at the end; RFC 9110 §5.5 says it is no part of the value. A folded value has several spans.
      const field = fields.at(-1)!;
      field[1] = (field[1] + text).replace(/[ \t]+$/, '');
      break;
    }
    case 'body':
      message.body += text;
      break;
    default:
    // protocol, method and chunk extensions are not told to anyone.
  }
}

function completeHead(message: Message, what: string): void {
  const facts = /status=(\d+) v=\d+\/\d+ flags=([0-9a-f]+)/.exec(what);
  if (facts === null) throw new Error(`Not a complete head: ${what}`);
  const bits = Number.parseInt(facts[2]!, 16);
  message.headComplete = true;
  message.endsAtClose = (bits & (flags.chunked | flags.contentLength)) === 0;
  Object.assign(message, { status: Number(facts[1]) });
}
