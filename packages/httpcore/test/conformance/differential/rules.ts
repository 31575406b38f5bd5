/** Where our engine and Node's parser part on purpose. Whatever no rule explains is a bug of ours. */
import { isFieldValue } from '../../../src/model/field-syntax.ts';
import type { Outcome, Question } from '../outcome.ts';

export interface Comparison {
  /** The bytes as Latin-1. */
  readonly text: string;
  readonly question: Question;
  readonly ours: Outcome;
  readonly theirs: Outcome;
}

export interface Rule {
  readonly name: string;
  applies(comparison: Comparison): boolean;
}

/** The release of llhttp inside this Node: 20.19 has 8.1, later ones 9.x. */
const [llhttpMajor = 0, llhttpMinor = 0] = (process.versions['llhttp'] ?? '').split('.').map(Number);

/** We read the reply, and Node does not. */
export const acceptances: readonly Rule[] = [
  {
    name: 'a folded line is unfolded (RFC 9112 §5.2)',
    applies: ({ text }) => /\n[\t ]/.test(text),
  },
  {
    name: 'close, or HTTP/1.0, in an informational response does not end the connection before the answer',
    applies: ({ ours }) => ours.informational.length > 0,
  },
  {
    name: 'what is wrong with a head may be told at its end: nobody has seen any of it by then',
    applies: ({ ours }) => ours.ending === 'waiting' && ours.head === undefined,
  },
  {
    name: 'llhttp 8 reads a body behind 204 and 304',
    applies: ({ ours }) => llhttpMajor < 9 && (ours.head?.status === 204 || ours.head?.status === 304),
  },
  {
    name: 'llhttp 8 knows no quoted-pair in a chunk extension',
    applies: ({ text }) => llhttpMajor < 9 && /;[^\r\n]*"/.test(text),
  },
];

/** We both read it, and not to the same end. */
export const disagreements: readonly Rule[] = [
  {
    name: 'llhttp 8 reads a body behind 204 and 304',
    applies: ({ ours }) => llhttpMajor < 9 && (ours.head?.status === 204 || ours.head?.status === 304),
  },
];

/** We refuse the reply, and Node does not. */
export const refusals: readonly Rule[] = [
  {
    name: 'transfer codings other than chunked, which nobody asked for',
    applies: ({ ours }) => ours.code === 'UNSUPPORTED_TRANSFER_CODING',
  },
  {
    name: 'an llhttp before 9.3 is less strict than ours',
    applies: () => llhttpMajor < 9 || (llhttpMajor === 9 && llhttpMinor < 3),
  },
  {
    name: 'an empty line before a status line',
    applies: ({ text }) => statusLines(text).some((line) => /^[\r\n]/.test(line)),
  },
  {
    name: 'a protocol other than HTTP/1.0 and HTTP/1.1, or a status below 100',
    applies: ({ text }) => statusLines(text).some((line) => !/^(?:HTTP\/1\.[01] [1-9]|[\r\n])/.test(line)),
  },
  {
    name: 'a control character in the status line, such as a CR that does not end it',
    applies: ({ text }) => statusLines(text).some((line) => !isFieldValue(line.replace(/\r?\n?$/, ''))),
  },
  {
    name: 'a tab behind a length: our llhttp is 9.3, which takes one only before it',
    applies: ({ ours, text }) => ours.code === 'INVALID_CONTENT_LENGTH' && /\ncontent-length:[^\r\n]*\d *\t/i.test(text),
  },
  {
    name: 'a length past 2^53',
    applies: ({ ours, theirs }) => ours.code === 'INVALID_CONTENT_LENGTH' && Number(lengthOf(theirs)) > Number.MAX_SAFE_INTEGER,
  },
  {
    name: 'a protocol switched to without having been asked',
    applies: ({ ours, question }) => ours.code === 'UNEXPECTED_UPGRADE' && question.upgrade !== true,
  },
  {
    name: 'a Transfer-Encoding that is chunked to RFC 9110 and not to llhttp, or that is empty',
    applies: ({ ours, text }) => ours.code === 'CONFLICTING_FRAMING' && /\ntransfer-encoding:/i.test(text),
  },
];

/** The status line of every message up to the one that answers, each with its line end, as far as they are there. */
function statusLines(text: string): string[] {
  const lines: string[] = [];
  for (let at = 0; ;) {
    const end = text.indexOf('\n', at);
    const line = end === -1 ? text.slice(at) : text.slice(at, end + 1);
    lines.push(line);
    const headEnd = text.indexOf('\r\n\r\n', at);
    if (headEnd === -1 || !/^HTTP\/1\.[01] 1(?!01)/.test(line)) return lines;
    at = headEnd + 4;
  }
}

function lengthOf({ head }: Outcome): string | undefined {
  return head?.headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
}
