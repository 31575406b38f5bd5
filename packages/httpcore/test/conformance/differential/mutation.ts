/** Replies that are nearly right: the neighbourhood where parsers differ. */
/** An integer from 0 to below its argument. */
export type Random = (below: number) => number;

/** What has been used to make two readers of one message disagree. */
const fragments: readonly string[] = [
  '\r',
  '\n',
  '\r\n',
  '\n\r',
  '\r\r\n',
  '\r\n\r\n',
  '\r\n ',
  '\r\n\t',
  ' ',
  '\t',
  '  ',
  ':',
  ' :',
  ',',
  ';',
  '"',
  '\0',
  '\x01',
  '\x0b',
  '\x7f',
  '\x80',
  '\xff',
  '0',
  '00',
  '-',
  '+',
  '0x',
  '1',
  '5',
  'a',
  'ffffffffffffffff',
  '18446744073709551616',
  '9007199254740993',
  '0\r\n\r\n',
  '5\r\nhello\r\n',
  ';a=b',
  ';a="b;\\""',
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.0 ',
  'HTTP/1.1 ',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
  'HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n',
  '\r\nContent-Length: 5',
  '\r\ncontent-length:3',
  '\r\nContent-Length:',
  '\r\nContent-Length: 5, 5',
  '\r\nContent-Length : 5',
  '\r\nTransfer-Encoding: chunked',
  '\r\ntransfer-encoding:chunked',
  '\r\nTransfer-Encoding:',
  '\r\nTransfer-Encoding: identity',
  '\r\nTransfer-Encoding: gzip, chunked',
  '\r\nTransfer-Encoding: chunked, gzip',
  '\r\nTransfer-Encoding: \x0bchunked',
  '\r\nTransfer-Encoding: xchunked',
  'chunked',
  'chunked,',
  '\r\nConnection: close',
  '\r\nConnection: keep-alive',
  '\r\nConnection: upgrade\r\nUpgrade: echo',
  '\r\nA: b',
  '\r\n: b',
  '\r\nA',
  ' 204 ',
  ' 304 ',
  ' 101 ',
  ' 100 ',
];

/** One to three small changes of `base`; `other` gives parts to put in. */
export function mutate(base: Uint8Array, other: Uint8Array, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(base);
  for (let rounds = 1 + random(3); rounds > 0; rounds -= 1) bytes = mutateOnce(bytes, other, random);
  return bytes;
}

function mutateOnce(bytes: Buffer, other: Uint8Array, random: Random): Buffer {
  const at = placeIn(bytes, random);
  switch (random(8)) {
    case 0:
      return splice(bytes, at, 1, Buffer.of(random(256)));
    case 1:
      return splice(bytes, at, 1 + random(4), Buffer.alloc(0));
    case 2:
      return splice(bytes, at, random(3), Buffer.from(fragments[random(fragments.length)]!, 'latin1'));
    case 3: {
      // A line twice, or elsewhere.
      const line = lineAt(bytes, placeIn(bytes, random));
      return splice(bytes, lineAt(bytes, at).start, 0, bytes.subarray(line.start, line.end));
    }
    case 4: {
      const line = lineAt(bytes, at);
      return splice(bytes, line.start, line.end - line.start, Buffer.alloc(0));
    }
    case 5: {
      const from = random(other.length + 1);
      return splice(bytes, at, 0, other.subarray(from, from + 1 + random(40)));
    }
    case 6:
      return bytes.subarray(0, at);
    default:
      return splice(bytes, at, 0, Buffer.from(fragments[random(fragments.length)]!, 'latin1'));
  }
}

/** Mostly beside a separator: what is in the middle of a word matters less. */
function placeIn(bytes: Buffer, random: Random): number {
  const at = random(bytes.length + 1);
  if (random(3) === 0) return at;
  for (let index = at; index < bytes.length; index += 1) {
    if (' \t\r\n:,;'.includes(String.fromCharCode(bytes[index]!))) return index + random(2);
  }
  return at;
}

function lineAt(bytes: Buffer, at: number): { start: number; end: number } {
  const before = at === 0 ? -1 : bytes.lastIndexOf(0x0a, at - 1);
  const after = bytes.indexOf(0x0a, at);
  return { start: before + 1, end: after === -1 ? bytes.length : after + 1 };
}

function splice(bytes: Buffer, at: number, remove: number, insert: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
}

/** Cuts bytes at up to six places, or into single octets. */
export function cut(bytes: Uint8Array, random: Random): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const octets = random(8) === 0;
  const size = octets ? 1 : 1 + Math.floor(bytes.length / (1 + random(6)));
  for (let at = 0; at < bytes.length;) {
    const end = octets ? at + 1 : at + 1 + random(size);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}
