import { ConnectError, DeadlineExceeded } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { callOf, Retries, TooManyRetries } from '../index.ts';
import { scripted } from '../../test/scripted-dispatcher.ts';

const url = 'http://a.example/b?token=s3cret';

async function failureOf(call: Promise<unknown>): Promise<Error> {
  return call.then(
    () => expect.unreachable(),
    (error: unknown) => error as Error,
  );
}

describe('a call that fails', () => {
  it('can be had from its error, which says what it was about', async () => {
    const down = new ConnectError('no way', { code: 'DNS_FAILED' });
    const { client } = scripted({ timeout: 5000 }, () => {
      throw down;
    });
    const error = await failureOf(client.post(url, { json: 1 }));
    expect(error).toBe(down);
    expect(error.message).toBe('no way (POST http://a.example/b?token=[redacted])');
    expect(error.stack).toContain('no way (POST http://a.example/b?token=[redacted])');
    expect(Object.keys(error)).not.toContain('message');
    const call = callOf(error)!;
    expect(call.request.url).toBe(url);
    expect(call.attempts).toHaveLength(1);
    expect(call.attempts[0]!.error).toBe(down);
    expect(call.attempts[0]!.timings.total).toBeGreaterThanOrEqual(0);
    expect(call).toMatchObject({ history: [], total: 5000 });
    expect(call.elapsed).toBeLessThan(5000);
  });

  it('after redirects tells them, and the request that failed', async () => {
    const { client } = scripted({}, (_, index) => {
      if (index === 0) return { status: 307, headers: [['location', 'http://c.example/d']] };
      throw new ConnectError('no way');
    });
    const error = await failureOf(client.put(url, { body: 'x' }));
    expect(error.message).toBe('no way (PUT http://c.example/d, attempt 2)');
    const call = callOf(error)!;
    expect(call.request.url).toBe(url);
    expect(call.history.map(({ status }) => status)).toEqual([307]);
    expect(call.attempts.map(({ request, status }) => [request.url, status])).toEqual([
      [url, 307],
      ['http://c.example/d', undefined],
    ]);
  });

  it('past a limit in time says how long it took, of how long it had', async () => {
    const { client } = scripted({}, () => {
      throw new DeadlineExceeded('Too late, in phase dns', { phase: 'dns' });
    });
    const error = await failureOf(client.get(url, { timeout: 1000 }));
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', phase: 'dns' });
    expect(error.message).toMatch(/^Too late, in phase dns \(GET http:\/\/a\.example\/b\?token=\[redacted\], after \d+ ms of 1000 ms\)$/);
    expect((await failureOf(client.get(url))).message).toMatch(/, after \d+ ms\)$/);
  });

  it('with an error that has been thrown before is about the later call', async () => {
    const down = new ConnectError('no way');
    const { client } = scripted({}, () => {
      throw down;
    });
    await failureOf(client.get('http://a.example/'));
    expect((await failureOf(client.get('http://c.example/'))).message).toBe('no way (GET http://c.example/)');
    expect(callOf(down)?.request.url).toBe('http://c.example/');
  });

  it('with an error that can not be changed leaves it alone', async () => {
    const frozen: ConnectError = Object.freeze(new ConnectError('no way'));
    const { client } = scripted({}, () => {
      throw frozen;
    });
    expect(await failureOf(client.get(url))).toBe(frozen);
    expect(frozen.message).toBe('no way');
    expect(callOf(frozen)?.attempts).toHaveLength(1);
  });

  it('in the body of a response is told too, read whole or as it comes', async () => {
    const script = (): { body: readonly Uint8Array[]; bodyError: Error } => ({
      body: [Buffer.from('x')],
      bodyError: new ConnectError('gone'),
    });
    const { client } = scripted({}, script);
    const whole = await failureOf(client.get(url));
    const streamed = await client.stream('GET', url);
    const ended = await failureOf(streamed.text());
    const iterated = await failureOf(
      (async () => {
        for await (const _ of await client.stream('GET', url));
      })(),
    );
    for (const error of [whole, ended, iterated]) {
      expect(callOf(error)?.attempts.map(({ status, error }) => [status, error])).toEqual([[200, error]]);
      expect(error.message).toContain('gone (GET ');
    }
  });

  it('can be had from errors of the client and of interceptors, whose words are their own', async () => {
    const { client } = scripted({ retries: new Retries(1, { backoffFactor: 0 }) }, () => {
      throw new ConnectError('no way');
    });
    const error = await failureOf(client.get(url));
    expect(error).toBeInstanceOf(TooManyRetries);
    expect(callOf(error)?.attempts).toHaveLength(2);
    const strange = scripted({ interceptors: [() => Promise.reject(new TypeError('mine'))] });
    const own = await failureOf(strange.client.get(url));
    expect(own.message).toBe('mine');
    expect(callOf(own)).toMatchObject({ attempts: [], elapsed: 0, total: undefined });
  });

  it('is not known from what no client has thrown', () => {
    for (const value of [new Error('x'), null, undefined, 'x', {}]) expect(callOf(value)).toBeUndefined();
  });
});
