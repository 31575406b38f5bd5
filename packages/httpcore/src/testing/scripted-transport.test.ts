import { describe, expect, it } from 'vitest';

import { ScriptedTransport } from './scripted-transport.ts';
import type { TransportHandler } from '../net/byte-transport.ts';

function recorder(overrides: Partial<TransportHandler> = {}): TransportHandler & { readonly log: string[] } {
  const log: string[] = [];
  return {
    log,
    onBytes: (chunk) => void log.push(Buffer.from(chunk).toString('latin1')),
    onEnd: () => void log.push('<end>'),
    onDrain: () => void log.push('<drain>'),
    onClosed: (error) => void log.push(`<closed ${error?.message ?? ''}>`),
    ...overrides,
  };
}
const microtasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('ScriptedTransport', () => {
  it('delivers what came before start, but not inside start', async () => {
    const transport = new ScriptedTransport();
    const handler = recorder();
    transport.receive('early');
    transport.start(handler);
    expect(handler.log).toEqual([]);
    await microtasks();
    transport.receive('now');
    expect(handler.log).toEqual(['early', 'now']);
  });

  it('overwrites a chunk after its delivery unless it was kept', () => {
    const transport = new ScriptedTransport();
    const chunks: Uint8Array[] = [];
    transport.start(
      recorder({
        onBytes: (chunk) => {
          chunks.push(chunk);
          if (chunks.length === 2) expect(transport.keep()).toBe(true);
        },
      }),
    );
    transport.receive('one');
    transport.receive('two');
    expect(chunks.map((chunk) => Buffer.from(chunk).toString('latin1'))).toEqual(['\xdb\xdb\xdb', 'two']);
    expect(transport.keep()).toBe(false);
  });

  it('holds bytes and end back while paused, but not the drain of the other direction', async () => {
    const transport = new ScriptedTransport({ highWaterMark: 3 });
    const handler = recorder();
    transport.start(handler);
    transport.pause();
    transport.receive('a');
    transport.receiveEnd();
    expect(transport.write('12')).toBe(true);
    expect(transport.write('3')).toBe(false);
    transport.drain();
    expect(handler.log).toEqual(['<drain>']);
    transport.resume();
    expect(handler.log).toEqual(['<drain>']);
    await microtasks();
    expect(handler.log).toEqual(['<drain>', 'a', '<end>']);
  });

  it('gathers writes under a cork', () => {
    const transport = new ScriptedTransport();
    transport.cork();
    transport.write('head');
    transport.write(Uint8Array.of(0x42));
    expect(transport.written).toBe('');
    transport.uncork();
    transport.write('é');
    expect(transport.takeWritten()).toBe('headBé');
    expect(transport.writes.map((bytes) => bytes.length)).toEqual([5, 1]);
    expect(transport.takeWritten()).toBe('');
  });

  it('closes once, last, and never inside destroy', async () => {
    const transport = new ScriptedTransport();
    const handler = recorder();
    transport.start(handler);
    transport.destroy();
    transport.destroy();
    transport.receive('lost');
    expect(handler.log).toEqual([]);
    await microtasks();
    transport.close(new Error('late'));
    expect(handler.log).toEqual(['<closed >']);
  });

  it('does not call the handler from inside the handler', () => {
    const transport = new ScriptedTransport();
    const log: string[] = [];
    transport.start(
      recorder({
        onBytes: (chunk) => {
          const text = Buffer.from(chunk).toString('latin1');
          log.push(`(${text}`);
          if (text === 'a') transport.receive('b');
          if (text === 'b') transport.close(new Error('reset'));
          log.push(`${text})`);
        },
        onClosed: (error) => void log.push(String(error?.message)),
      }),
    );
    transport.receive('a');
    expect(log).toEqual(['(a', 'a)', '(b', 'b)', 'reset']);
  });

  it('is destroyed by a handler that throws, and tells which error it was', () => {
    const transport = new ScriptedTransport();
    const thrown = new Error('bug');
    const handler = recorder({
      onBytes: () => {
        throw thrown;
      },
    });
    transport.start(handler);
    transport.receive('x');
    expect(transport.handlerError).toBe(thrown);
    expect(handler.log).toEqual(['<closed bug>']);
  });

  it('closes when both directions have ended', async () => {
    const transport = new ScriptedTransport();
    const handler = recorder();
    transport.start(handler);
    transport.end();
    expect(() => transport.write('more')).toThrow('write after end');
    transport.receive('still open');
    transport.receiveEnd();
    await microtasks();
    expect(handler.log).toEqual(['still open', '<end>', '<closed >']);
  });
});
