/**
 * Heads that are not quite RFC 9112's, and trailer sections behind a status line, written again as they should have been, for llhttp to read strictly.
 *
 * Always: a folded line (obs-fold) becomes a part of the line before it, as RFC 9112 §5.2 asks of user agents. Leniently, besides: a bare LF
 * ends a line, and Content-Length may be repeated if it says the same (RFC 9110 §8.6 allows that).
 *
 * It holds the head until all of it is there: where a line ends is known when the next one begins, which may be in the next chunk.
 */
import { RemoteProtocolError } from '../../contract/errors.ts';

const lf = 0x0a;
const cr = 0x0d;

export class HeadMender {
  readonly #lenient: boolean;
  readonly #pieces: Uint8Array[] = [];
  /** How much of the empty line that ends a head has come: 1 behind an LF, 2 behind an LF and a CR. */
  #ending = 0;

  constructor(lenient: boolean) {
    this.#lenient = lenient;
  }

  /** Takes `chunk[start, end)`, of which it keeps a copy, up to the end of the head. Returns the offset behind that, or −1 where it is not there yet. */
  add(chunk: Uint8Array, start: number, end: number): number {
    let ending = this.#ending;
    let index = start;
    for (; index < end && ending !== 3; index += 1) {
      const octet = chunk[index]!;
      if (octet === lf) ending = ending === 0 ? 1 : 3;
      else ending = octet === cr && ending === 1 ? 2 : 0;
    }
    this.#ending = ending;
    this.#pieces.push(new Uint8Array(chunk.subarray(start, index)));
    return ending === 3 ? index : -1;
  }

  /**
   * The head, mended. To be called once it is whole.
   * @throws {RemoteProtocolError} `INVALID_RESPONSE`: a folded line that belongs to no field.
   */
  mended(): Uint8Array {
    let head = Buffer.concat(this.#pieces).toString('latin1');
    if (this.#lenient) head = head.replaceAll(/\r?\n/g, '\r\n');
    const fields = head.indexOf('\r\n') + 2;
    if (head[fields] === ' ' || head[fields] === '\t') {
      throw new RemoteProtocolError('The response has a folded line that belongs to no field, right behind the status line', {
        code: 'INVALID_RESPONSE',
      });
    }
    head = head.replaceAll(/(?:[\t ]*\r\n[\t ]+)+/g, ' ');
    return Buffer.from(this.#lenient ? withOneLength(head) : head, 'latin1');
  }
}

/** Repeated lengths that are all the same number become one; others are left to be refused. */
function withOneLength(head: string): string {
  const lines = head.split('\r\n');
  const lengths = lines.flatMap((line) => /^content-length:(.*)$/i.exec(line)?.[1]?.split(',') ?? []).map((length) => length.trim());
  if (lengths.length < 2 || lengths.some((length) => length !== lengths[0])) return head;
  const first = lines.findIndex(isLength);
  return lines
    .filter((line, index) => index <= first || !isLength(line))
    .map((line, index) => (index === first ? `${line.slice(0, line.indexOf(':'))}: ${lengths[0]}` : line))
    .join('\r\n');
}

function isLength(line: string): boolean {
  return /^content-length:/i.test(line);
}
