/** What came is read before the failure: streams over transports and bodies, for every way to read a stream. */
import { Duplex, PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';

import type { ResponseBody } from '../contract/dispatcher.ts';
import { toNodeStream } from './node-stream.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { transportOver } from '../net/given-stream.ts';
import { TransportStream } from '../net/transport-stream.ts';

const reset = (): Error => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A peer that says `abc` in three pieces, and is gone. */
interface Lost {
  readonly stream: Readable;
  say(text: string): void;
  end(): void;
  lose(error: Error | undefined): void;
}

function overTransport(): Lost {
  const transport = new ScriptedTransport();
  const stream = new TransportStream(transport);
  return {
    stream,
    say: (text) => transport.receive(text),
    end: () => transport.receiveEnd(),
    lose: (error) => transport.close(error),
  };
}

type Event = string | Error | undefined;

class ScriptedBody {
  readonly #events: Event[] = [];
  #wake: (() => void) | undefined;
  failWrites: Error | undefined;
  closed = 0;

  add(event: Event): void {
    this.#events.push(event);
    this.#wake?.();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    let isOver = false;
    return {
      next: async () => {
        if (isOver) return { done: true, value: undefined };
        while (this.#events.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
        const event = this.#events.shift();
        if (typeof event === 'string') return { done: false, value: Buffer.from(event) };
        isOver = true;
        if (event !== undefined) throw event;
        return { done: true, value: undefined };
      },
    };
  }

  async write(): Promise<void> {
    if (this.failWrites !== undefined) throw this.failWrites;
  }

  async end(): Promise<void> {}

  async close(): Promise<void> {
    this.closed += 1;
  }
}

function overBody(upgraded: boolean): Lost & { readonly body: ScriptedBody } {
  const body = new ScriptedBody();
  if (!upgraded) Object.assign(body, { write: undefined });
  const stream: Readable = toNodeStream(body as unknown as ResponseBody);
  return { stream, body, say: (text) => body.add(text), end: () => body.add(undefined), lose: (error) => body.add(error) };
}

const makes: readonly (readonly [string, () => Lost])[] = [
  ['a transport', overTransport],
  ['a body', () => overBody(false)],
  ['an upgraded body', () => overBody(true)],
];

type Read = (stream: Readable) => Promise<string>;

/** What was read until it failed. */
const reads: Readonly<Record<string, Read>> = {
  'for await, slowly': async (stream) => {
    let text = '';
    try {
      for await (const chunk of stream) {
        text += textOf(chunk);
        await turn();
      }
    } catch (error) {
      return `${text}, then ${(error as NodeJS.ErrnoException).code}`;
    }
    return `${text}, whole`;
  },
  'one octet at a time': (stream) => readable(stream, 1),
  'more at a time than there is': (stream) => readable(stream, 1000),
  'flowing, paused between': (stream) => {
    return new Promise((resolve) => {
      let text = '';
      stream.on('data', (chunk) => {
        text += textOf(chunk);
        stream.pause();
        setImmediate(() => stream.resume());
      });
      stream.on('error', (error: NodeJS.ErrnoException) => resolve(`${text}, then ${error.code}`));
      stream.on('end', () => resolve(`${text}, whole`));
    });
  },
  piped: async (stream) => {
    let text = '';
    try {
      await pipeline(stream, async function (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          text += textOf(chunk);
          await turn();
        }
      });
    } catch (error) {
      return `${text}, then ${(error as NodeJS.ErrnoException).code}`;
    }
    return `${text}, whole`;
  },
};

function readable(stream: Readable, size: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const step = (): void => {
      const chunk: unknown = stream.read(size);
      if (chunk === null) return;
      text += textOf(chunk);
      setImmediate(step);
    };
    stream.on('readable', step);
    stream.on('error', (error: NodeJS.ErrnoException) => resolve(`${text}, then ${error.code}`));
    stream.on('end', () => resolve(`${text}, whole`));
  });
}

describe.each(makes)('a stream over %s', (_name, make) => {
  it.each(Object.entries(reads))('gives what came before a reset: %s', async (_how, read) => {
    for (const late of [false, true]) {
      const { stream, say, lose } = make();
      const result = late ? read(stream) : undefined;
      for (const piece of 'abcdefgh') say(piece);
      if (late) await Promise.resolve();
      lose(reset());
      await turn();
      expect(await (result ?? read(stream))).toBe('abcdefgh, then ECONNRESET');
    }
  });

  it.each(Object.entries(reads))('gives what came before an orderly end: %s', async (_how, read) => {
    const { stream, say, end } = make();
    if (stream instanceof Duplex) stream.end('the request');
    await turn();
    for (const piece of 'abcdefgh') say(piece);
    end();
    await turn();
    expect(await read(stream)).toBe('abcdefgh, whole');
  });

  it('is destroyed at once by who holds it', async () => {
    const { stream, say, lose } = make();
    say('abc');
    lose(reset());
    await turn();
    stream.destroy();
    const events: string[] = [];
    stream.on('error', () => events.push('error')).on('close', () => events.push('close'));
    await turn();
    expect([events, stream.destroyed]).toEqual([['close'], true]);
  });
});

describe('a failed write', () => {
  it.each(['for await, slowly', 'flowing, paused between'])('leaves what came to be read from an upgraded body: %s', async (how) => {
    const { stream, say, lose, body } = overBody(true) as Lost & { body: ScriptedBody };
    const result = reads[how]!(stream);
    for (const piece of 'abcdefgh') say(piece);
    body.failWrites = reset();
    (stream as Duplex).write('x');
    await turn();
    lose(reset());
    expect(await result).toBe('abcdefgh, then ECONNRESET');
    expect(body.closed).toBe(1);
  });

  it('is told where the peer has ended in order, and where nobody reads', async () => {
    const { stream, say, end, body } = overBody(true) as Lost & { body: ScriptedBody };
    const result = reads['for await, slowly']!(stream);
    body.failWrites = reset();
    say('abc');
    (stream as Duplex).write('x');
    await turn();
    end();
    expect(await result).toBe('abc, then ECONNRESET');

    const unread = overBody(true);
    unread.body.failWrites = reset();
    unread.say('abc');
    const failed = new Promise((resolve) => unread.stream.on('error', resolve));
    (unread.stream as Duplex).write('x');
    expect(await failed).toMatchObject({ code: 'ECONNRESET' });
  });

  it('ends a transport’s stream that nobody reads, and waits where somebody does', async () => {
    const transport = new ScriptedTransport({ highWaterMark: 1 });
    const stream = new TransportStream(transport);
    const failed = new Promise((resolve) => stream.on('error', resolve));
    transport.receive('abc');
    stream.write('xyz');
    transport.close(reset());
    expect(await failed).toMatchObject({ code: 'ECONNRESET' });

    const other = new ScriptedTransport({ highWaterMark: 1 });
    const read = new TransportStream(other);
    const result = reads['for await, slowly']!(read);
    await turn();
    for (const piece of 'abc') other.receive(piece);
    read.write('xyz');
    read.write('more');
    other.close(reset());
    expect(await result).toBe('abc, then ECONNRESET');
  });
});

describe('a given stream', () => {
  it('gives its transport what came before it failed, paused or not', async () => {
    const given = new PassThrough();
    const transport = transportOver(Duplex.from({ readable: given, writable: new PassThrough() }));
    const seen: string[] = [];
    transport.start({
      onBytes: (chunk) => void (seen.push(Buffer.from(chunk).toString()), transport.pause(), setImmediate(() => transport.resume())),
      onEnd: () => seen.push('end'),
      onDrain: () => {},
      onClosed: (error) => seen.push(error === undefined ? 'closed' : error.message),
    });
    given.write('abc');
    await turn();
    given.write('def');
    await turn();
    given.destroy(reset());
    for (let turns = 0; turns < 20 && !seen.includes('read ECONNRESET'); turns++) await turn();
    expect(seen.join()).toBe('abc,def,read ECONNRESET');
  });
});

function textOf(chunk: unknown): string {
  return (chunk as Buffer).toString();
}
