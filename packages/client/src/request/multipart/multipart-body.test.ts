import { appendFile, mkdtemp, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';

import type { ByteIterable } from '@x/httpcore';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { ParamsInput } from '../url/params.ts';
import type { FilesInput } from './file-input.ts';
import { MultipartBody } from './multipart-body.ts';
import { readFields, readFiles, readFormData } from './parts.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'multipart-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileNamed(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

function body(files: FilesInput, form: ParamsInput = []): MultipartBody {
  return new MultipartBody([...readFields(form), ...readFiles(files)], 'B');
}

async function sent(chunks: ByteIterable): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString('utf8');
}

/** What a part says, one line for each. */
const part = (...lines: string[]): string => `--B\r\n${lines.join('\r\n')}\r\n`;
const disposition = (rest: string): string => `Content-Disposition: form-data; ${rest}`;
const end = '--B--\r\n';

async function* streamOf(...chunks: string[]): AsyncGenerator<string> {
  yield* chunks;
}

describe('what is sent', () => {
  it('fields, then files, one part each', async () => {
    const multipart = body(
      { photo: [new File(['one'], 'one.png', { type: 'image/png' }), new File(['two'], 'two.jpg')], notes: Buffer.from('three') },
      { title: 'Sümmer', tags: ['a', 'b'], skipped: null },
    );
    const expected = [
      part(disposition('name="title"'), '', 'Sümmer'),
      part(disposition('name="tags"'), '', 'a'),
      part(disposition('name="tags"'), '', 'b'),
      part(disposition('name="photo"; filename="one.png"'), 'Content-Type: image/png', '', 'one'),
      part(disposition('name="photo"; filename="two.jpg"'), 'Content-Type: image/jpeg', '', 'two'),
      part(disposition('name="notes"; filename="blob"'), 'Content-Type: application/octet-stream', '', 'three'),
      end,
    ].join('');
    expect(await sent(multipart.open())).toBe(expected);
    expect(multipart.length).toBe(Buffer.byteLength(expected));
    expect(multipart.contentType).toBe('multipart/form-data; boundary=B');
  });

  it('pairs keep their order', async () => {
    const multipart = body([
      ['b', Buffer.from('1')],
      ['a', Buffer.from('2')],
      ['b', { content: ['3', Buffer.from('4')], filename: 'x.txt' }],
    ]);
    expect(await sent(multipart.open())).toBe(
      [
        part(disposition('name="b"; filename="blob"'), 'Content-Type: application/octet-stream', '', '1'),
        part(disposition('name="a"; filename="blob"'), 'Content-Type: application/octet-stream', '', '2'),
        part(disposition('name="b"; filename="x.txt"'), 'Content-Type: text/plain', '', '34'),
        end,
      ].join(''),
    );
  });

  it('a FormData, as browsers send it', async () => {
    const form = new FormData();
    form.append('text', 'one\ntwo\r\nthree\rfour');
    form.append('file', new Blob(['<p>'], { type: 'text/html' }), 'page');
    form.append('file', new Blob(['raw\n']));
    const multipart = new MultipartBody(readFormData(form, 'body'), 'B');
    expect(await sent(multipart.open())).toBe(
      [
        part(disposition('name="text"'), '', 'one\r\ntwo\r\nthree\r\nfour'),
        part(disposition('name="file"; filename="page"'), 'Content-Type: text/html', '', '<p>'),
        part(disposition('name="file"; filename="blob"'), 'Content-Type: application/octet-stream', '', 'raw\n'),
        end,
      ].join(''),
    );
  });

  it('nothing at all is an end', async () => {
    const multipart = body({});
    expect(await sent(multipart.open())).toBe(end);
    expect(multipart.length).toBe(end.length);
  });

  it('details of a file', async () => {
    const multipart = body({
      a: { content: 'text', filename: 'a "b"\\.tar.gz', headers: { 'X-Part': 1, 'x-list': ['a', 'b'] } },
      b: { content: new Blob([''], { type: 'text/css' }), filename: 'naïve 文.html', contentType: 'text/html; charset=utf-8' },
      c: { content: '{}', filename: null, contentType: 'application/json' },
      d: { content: '', filename: 'README', contentType: null },
      e: { content: 'text', filename: 'README' },
    });
    expect(await sent(multipart.open())).toBe(
      [
        part(
          disposition('name="a"; filename="a %22b%22\\.tar.gz"'),
          'Content-Type: application/gzip',
          'X-Part: 1',
          'x-list: a',
          'x-list: b',
          '',
          'text',
        ),
        part(disposition('name="b"; filename="naïve 文.html"'), 'Content-Type: text/html; charset=utf-8', '', ''),
        part(disposition('name="c"'), 'Content-Type: application/json', '', '{}'),
        part(disposition('name="d"; filename="README"'), '', ''),
        part(disposition('name="e"; filename="README"'), 'Content-Type: text/plain;charset=UTF-8', '', 'text'),
        end,
      ].join(''),
    );
  });
});

describe('where content comes from', () => {
  const content = 'content';
  const kinds: Record<string, () => FilesInput> = {
    Uint8Array: () => ({ f: Buffer.from(content) }),
    ArrayBuffer: () => ({ f: new TextEncoder().encode(content).buffer }),
    DataView: () => ({ f: new DataView(new TextEncoder().encode(content).buffer) }),
    Blob: () => ({ f: new Blob([content]) }),
    'an iterable': () => ({ f: new Set([Buffer.from('con'), Buffer.from('tent')]) }),
    'a generator': () => ({ f: streamOf('con', 'tent') }),
    'a web stream': () => ({ f: new Blob([content]).stream() as ReadableStream<Uint8Array> }),
    'a Node stream': () => ({ f: Readable.from([Buffer.from(content)]) }),
    'a function': () => ({ f: () => streamOf('con', 'tent') }),
    'a promise of a function': () => ({ f: () => Promise.resolve(content) }),
    'described text': () => ({ f: { content, contentType: 'application/octet-stream' } }),
    'described bytes in pieces': () => ({ f: { content: [Buffer.from('con'), 'tent'] } }),
    'a stream of known length': () => ({ f: { content: streamOf('con', 'tent'), length: content.length } }),
  };
  const known = [
    'Uint8Array',
    'ArrayBuffer',
    'DataView',
    'Blob',
    'described text',
    'described bytes in pieces',
    'a stream of known length',
  ];
  const once = ['a generator', 'a web stream', 'a Node stream', 'a stream of known length'];

  it.each(Object.entries(kinds))('%s', async (kind, make) => {
    const multipart = body(make());
    const expected = part(disposition('name="f"; filename="blob"'), 'Content-Type: application/octet-stream', '', content) + end;
    expect(multipart.length).toBe(known.includes(kind) ? expected.length : undefined);
    expect(multipart.replayable).toBe(!once.includes(kind));
    expect(await sent(multipart.open())).toBe(expected);
    if (multipart.replayable) expect(await sent(multipart.open())).toBe(expected);
    else await expect((async () => sent(multipart.open()))()).rejects.toThrow(expect.objectContaining({ name: 'BodyNotReplayable' }));
  });

  it('a path, as a string and as a URL', async () => {
    const path = await fileNamed('photo.jpeg', content);
    for (const multipart of [body({ f: { path } }), body({ f: { path: pathToFileURL(path) } })]) {
      const expected = part(disposition('name="f"; filename="photo.jpeg"'), 'Content-Type: image/jpeg', '', content) + end;
      expect(multipart.length).toBeUndefined();
      expect(await multipart.measure()).toBe(expected.length);
      expect(multipart.replayable).toBe(true);
      expect(await sent(multipart.open())).toBe(expected);
      expect(await sent(multipart.open())).toBe(expected);
    }
  });

  it('a file stream lends its name, and an empty file is no special case', async () => {
    const path = await fileNamed('empty.css', '');
    const stream = createReadStream(path);
    const multipart = body({ f: stream, g: { path } });
    const empty = (field: string): string => part(disposition(`name="${field}"; filename="empty.css"`), 'Content-Type: text/css', '', '');
    expect(await sent(multipart.open())).toBe(empty('f') + empty('g') + end);
  });

  it('a large file comes in pieces that are as it is', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
    const multipart = body({ f: { path: await fileNamed('large.bin', bytes) } });
    const chunks: Uint8Array[] = [];
    for await (const chunk of multipart.open()) chunks.push(chunk);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024);
    const all = Buffer.concat(chunks);
    expect(all.length).toBe(await multipart.measure());
    expect(Buffer.compare(all.subarray(all.indexOf('\r\n\r\n') + 4, -end.length - 2), bytes)).toBe(0);
  });
});

describe('a file that is not what was announced', () => {
  it.each([
    ['has grown', (path: string) => appendFile(path, 'x')],
    ['has shrunk', (path: string) => truncate(path, 3)],
    ['was written again', (path: string) => utimes(path, 1, 1)],
    ['is gone', (path: string) => rm(path)],
  ])('%s', async (_, change) => {
    const path = await fileNamed('changing.txt', 'content');
    const multipart = body({ f: { path } });
    await multipart.measure();
    await change(path);
    await expect(sent(multipart.open())).rejects.toThrow(/ENOENT|changed/);
  });

  it('changes in the middle: the last bytes are held back', async () => {
    const path = await fileNamed('changing.bin', Buffer.alloc(200_000));
    const multipart = body({ f: { path } });
    const total = await multipart.measure();
    let count = 0;
    const reading = (async () => {
      for await (const chunk of multipart.open()) {
        if (count === 0) await appendFile(path, 'x');
        count += chunk.length;
      }
    })();
    await expect(reading).rejects.toThrow(expect.objectContaining({ name: 'BodyChanged', code: 'FILE_CHANGED' }));
    expect(count).toBeLessThan(total!);
  });

  it.each([
    ['more', 6],
    ['fewer', 8],
  ])('has %s bytes than its length', async (word, length) => {
    const multipart = body({ f: { content: streamOf('con', 'tent'), length } });
    await expect(sent(multipart.open())).rejects.toThrow(
      expect.objectContaining({ code: 'LENGTH_MISMATCH', message: expect.stringContaining(word) }),
    );
  });

  it('is not there', async () => {
    const multipart = body({ f: { path: join(folder, 'missing') } });
    await expect(multipart.measure()).rejects.toThrow(expect.objectContaining({ name: 'InvalidOption', option: 'files' }));
    await expect(body({ f: { path: folder } }).measure()).rejects.toThrow(expect.objectContaining({ name: 'InvalidOption' }));
  });
});

describe('giving up', () => {
  it('in the middle closes what is open and lets go of what waits', async () => {
    const [open, waiting] = [new Readable({ read: () => {} }), new Readable({ read: () => {} })];
    open.push('begun');
    const multipart = body({ a: open, b: waiting });
    const chunks = (multipart.open() as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    await chunks.next();
    await chunks.next();
    await chunks.return!();
    expect([open.destroyed, waiting.destroyed]).toEqual([true, true]);
    expect(await chunks.next()).toEqual({ done: true, value: undefined });
  });

  it('before it began lets go of everything', async () => {
    const streams = [new Readable({ read: () => {} }), new Readable({ read: () => {} })];
    const multipart = body({ f: streams });
    multipart.discard();
    expect(streams.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  });
});

describe('refused', () => {
  const refused = expect.objectContaining({ name: 'InvalidOption', option: expect.stringMatching(/^files\b/) });

  it.each([
    ['CR', 'a\rb'],
    ['LF', 'a\nb'],
    ['NUL', 'a\0b'],
    ['a whole part', 'x"\r\n\r\n--B\r\nContent-Disposition: form-data; name="admin'],
  ])('%s in a name, a filename, a type and a header', (_, text) => {
    const content = Buffer.from('');
    expect(() => body({ [text]: content })).toThrow(refused);
    expect(() => body({ f: { content, filename: text } })).toThrow(refused);
    expect(() => body({ f: new File([''], text) })).toThrow(refused);
    expect(() => body({ f: { content, contentType: text } })).toThrow(refused);
    expect(() => body({ f: { content, headers: { 'x-part': text } } })).toThrow(expect.objectContaining({ code: 'INVALID_HEADER_VALUE' }));
    expect(() => body({ f: { content, headers: [[text, 'x']] } })).toThrow(expect.objectContaining({ code: 'INVALID_HEADER_NAME' }));
    expect(() => body({}, { [text]: 'x' })).toThrow(expect.objectContaining({ name: 'InvalidOption', option: 'form' }));
  });

  it.each([0, 1])('a type that is another one each time that it is asked for (%i)', async (evil) => {
    const blob = new Blob(['']);
    let asked = 0;
    Object.defineProperty(blob, 'type', { get: () => (asked++ === evil ? 'text/plain\r\nx-injected: 1' : 'text/plain') });
    const attempt = (async () => sent(body({ f: blob }).open()))();
    expect(await attempt.catch(() => '')).not.toContain('x-injected');
  });

  it.each<[string, unknown]>([
    ['a text, which could be a path or content', { f: 'text' }],
    ['nothing', { f: null }],
    ['a number', { f: 1 }],
    ['a description of nothing', { f: {} }],
    ['a path and content', { f: { path: 'x', content: 'y' } }],
    ['a length of a path', { f: { path: 'x', length: 1 } }],
    ['a length below 0', { f: { content: 'x', length: -1 } }],
    ['a length in halves', { f: { content: 'x', length: 1.5 } }],
    ['an empty path', { f: { path: '' } }],
    ['a path over the network', { f: { path: new URL('https://a.example/') } }],
    ['a filename that is no text', { f: { content: '', filename: 1 } }],
    ['a header that is made from something else', { f: { content: '', headers: { 'Content-Disposition': 'x' } } }],
    ['a description with a mistake in it', { f: { content: '', fileName: 'x' } }],
    ['a list of no pairs', [Buffer.from('')]],
    ['a text of files', 'files'],
  ])('%s', (_, files) => {
    expect(() => body(files as FilesInput)).toThrow(refused);
  });

  it('what was planted on the prototype of all objects', () => {
    const polluted = Object.prototype as { path?: string };
    polluted.path = '/etc/passwd';
    try {
      expect(() => body({ f: {} as { path: string } })).toThrow(refused);
    } finally {
      delete polluted.path;
    }
  });
});
