import { describe, expect, it } from 'vitest';

import { RedirectError, Request, TooManyRedirects, type Interceptor, type RequestOptions } from '../../src/index.ts';
import { bodyText, scripted, type Script, type ScriptedDispatcher } from '../scripted-dispatcher.ts';

/** Answers each path with a redirect to the next of `hops`, and the last with 200. */
function through(...hops: readonly (readonly [status: number, location: string])[]): Script {
  return (_, index) => {
    const hop = hops[index];
    return hop === undefined ? { body: 'there' } : { status: hop[0], headers: [['location', hop[1]]], body: 'moved' };
  };
}

describe('a redirect', () => {
  it('is followed, hop by hop, and each hop lets go of its connection before the next', async () => {
    const seen: string[] = [];
    const { client, dispatcher } = scripted({}, (request, index) => {
      seen.push(dispatcher.bodies.map(({ state }) => state).join());
      return through([301, '/b'], [302, 'http://b.example/c'], [307, '/d'])(request, index);
    });
    const response = await client.get('http://a.example/a#part');
    expect(response.text()).toBe('there');
    expect(response.url).toBe('http://b.example/d#part');
    expect(response.history.map(({ status, url }) => [status, url])).toEqual([
      [301, 'http://a.example/a#part'],
      [302, 'http://a.example/b#part'],
      [307, 'http://b.example/c#part'],
    ]);
    expect(response.history.every(({ nextRequest }) => nextRequest === undefined)).toBe(true);
    expect(response.attempts.map(({ status }) => status)).toEqual([301, 302, 307, 200]);
    expect(seen).toEqual(['', 'closed', 'closed,closed', 'closed,closed,closed']);
  });

  it('is followed under stream(), too', async () => {
    const { client } = scripted({}, through([302, '/b']));
    await using response = await client.stream('GET', 'http://a.example/');
    expect(await response.text()).toBe('there');
    expect(response.history).toHaveLength(1);
  });

  it('sends a body again where the method stays, and none where it turns into GET', async () => {
    const { client, dispatcher } = scripted({}, through([307, '/b'], [303, '/c']));
    await client.post('http://a.example/', { json: [1] });
    const sent = await Promise.all(dispatcher.requests.map(async ({ method, url, body }) => [method, url[3], await bodyText(body)]));
    expect(sent).toEqual([
      ['POST', '/', '[1]'],
      ['POST', '/b', '[1]'],
      ['GET', '/c', ''],
    ]);
    expect(dispatcher.last.headers.some(([name]) => name.startsWith('content-'))).toBe(false);
  });

  it('is an error where the body can not be sent again', async () => {
    const { client, dispatcher } = scripted({}, through([308, '/b']));
    await expect(client.put('http://a.example/', { body: ['x'].values() })).rejects.toMatchObject({ code: 'BODY_NOT_REPLAYABLE' });
    expect(dispatcher.requests).toHaveLength(1);
    expect(dispatcher.bodies[0]!.state).toBe('closed');
  });

  it('is not followed an eleventh time', async () => {
    const { client, dispatcher } = scripted({}, () => ({ status: 302, headers: [['location', '/loop']] }));
    const error: unknown = await client.get('http://a.example/loop?token=x').catch((error: unknown) => error);
    expect(error).toBeInstanceOf(TooManyRedirects);
    expect(error).toBeInstanceOf(RedirectError);
    const { message, code, history, response } = error as TooManyRedirects;
    expect(message).toBe('GET http://a.example/loop?token=[redacted] was redirected more than 10 times, at last to http://a.example/loop');
    expect(code).toBe('TOO_MANY_REDIRECTS');
    expect([history.length, response.status, dispatcher.requests.length]).toEqual([10, 302, 11]);
    expect(dispatcher.bodies.every(({ state }) => state === 'closed')).toBe(true);
    expect(Object.keys(error as object)).not.toContain('response');
  });

  it.each([0, 1, 3])('is followed as often as maxRedirects: %i', async (maxRedirects) => {
    const { client, dispatcher } = scripted({ maxRedirects }, () => ({ status: 302, headers: [['location', '/loop']] }));
    await expect(client.get('http://a.example/')).rejects.toBeInstanceOf(TooManyRedirects);
    expect(dispatcher.requests).toHaveLength(maxRedirects + 1);
    await client.get('http://a.example/', { maxRedirects: null });
    expect(dispatcher.requests).toHaveLength(maxRedirects + 2);
  });

  it('that leads nowhere good is an error, with the response', async () => {
    const { client, dispatcher } = scripted({}, through([302, 'file:///etc/passwd']));
    await expect(client.get('http://a.example/')).rejects.toMatchObject({ code: 'UNSUPPORTED_REDIRECT', response: { status: 302 } });
    expect(dispatcher.bodies[0]!.state).toBe('closed');
  });

  it('without a Location is a response', async () => {
    const { client } = scripted({}, () => ({ status: 302, body: 'no way' }));
    expect((await client.get('http://a.example/')).text()).toBe('no way');
  });

  it('stops at an abort, and at the deadline', async () => {
    const controller = new AbortController();
    const { client, dispatcher } = scripted({}, ({ context }) => {
      if (context.signal?.aborted === true) throw new Error('aborted');
      controller.abort();
      return { status: 302, headers: [['location', '/b']] };
    });
    await expect(client.get('http://a.example/', { signal: controller.signal, timeout: 60_000 })).rejects.toThrow('aborted');
    expect(dispatcher.requests).toHaveLength(2);
    expect(new Set(dispatcher.requests.map(({ context }) => context.deadline)).size).toBe(1);
  });
});

describe('a redirect to another origin', () => {
  it("leaves the headers behind that are the baseUrl's own", async () => {
    const { client, dispatcher } = scripted(
      { baseUrl: 'http://user:pass@a.example', headers: { 'x-api-key': 'k', accept: 'text/html' } },
      through([302, '/b'], [302, 'http://b.example/'], [302, 'http://a.example/c']),
    );
    await client.get('/', { headers: { 'x-call': '1' } });
    const keys = dispatcher.requests.map(({ headers }) => {
      const own = Object.fromEntries(headers);
      return [own['x-api-key'], own['authorization'] === undefined, own['accept'], own['x-call']];
    });
    expect(keys).toEqual([
      ['k', false, 'text/html', '1'],
      ['k', false, 'text/html', '1'],
      [undefined, true, 'text/html', '1'],
      // What was left behind stays behind.
      [undefined, true, 'text/html', '1'],
    ]);
  });

  it('takes the headers of a client along that has no baseUrl', async () => {
    const { client, dispatcher } = scripted({ headers: { 'x-own': 'k' } }, through([302, 'http://b.example/']));
    await client.get('http://a.example/');
    expect(dispatcher.last.headers).toContainEqual(['x-own', 'k']);
  });

  const secrets = { 'X-Api-Key': 's3cret', 'private-token': 's3cret', 'x-mine': 's3cret', 'x-yours': 's3cret' };
  const sensitive: RequestOptions = { headers: secrets, sensitiveHeaders: ['X-Mine', 'x-yours'] };
  it.each<[string, (location: string) => Promise<ScriptedDispatcher>]>([
    [
      'a call',
      async (location) => {
        const { client, dispatcher } = scripted({}, through([302, location]));
        await client.get('http://a.example/', sensitive);
        return dispatcher;
      },
    ],
    [
      'a call on a client with a baseUrl',
      async (location) => {
        const { client, dispatcher } = scripted({ baseUrl: 'http://a.example/', sensitiveHeaders: ['x-mine'] }, through([302, location]));
        await client.post('/', { ...sensitive, sensitiveHeaders: ['x-yours'] });
        return dispatcher;
      },
    ],
    [
      'a client',
      async (location) => {
        const { client, dispatcher } = scripted({ headers: secrets, sensitiveHeaders: ['x-mine'] }, through([302, location]));
        await client.extend({ sensitiveHeaders: ['x-yours'] }).get('http://a.example/');
        return dispatcher;
      },
    ],
    [
      'a request that was built elsewhere',
      async (location) => {
        const { client, dispatcher } = scripted({ sensitiveHeaders: ['x-mine'] }, through([302, location]));
        await client.send(new Request('GET', 'http://a.example/', { headers: secrets }), { sensitiveHeaders: ['x-yours'] });
        return dispatcher;
      },
    ],
    [
      'stream()',
      async (location) => {
        const { client, dispatcher } = scripted({}, through([302, location]));
        await (await client.stream('GET', 'http://a.example/', sensitive)).close();
        return dispatcher;
      },
    ],
    [
      'fetch',
      async (location) => {
        const { client, dispatcher } = scripted({ sensitiveHeaders: ['x-mine', 'X-YOURS'] }, through([302, location]));
        await (await client.fetch('http://a.example/', { headers: secrets })).text();
        return dispatcher;
      },
    ],
    [
      'steps that the caller takes',
      async (location) => {
        const { client, dispatcher } = scripted({}, through([302, location]));
        const { nextRequest } = await client.get('http://a.example/', { ...sensitive, followRedirects: false });
        await client.send(nextRequest!);
        return dispatcher;
      },
    ],
    [
      'an interceptor that makes a request of its own',
      async (location) => {
        const own: Interceptor = (request, _, next) => next(new Request('GET', request.url, { headers: request.headers }));
        const { client, dispatcher } = scripted({ interceptors: [own] }, through([302, location]));
        await client.get('http://a.example/', sensitive);
        return dispatcher;
      },
    ],
    [
      'with({ url })',
      async (location) => {
        const { client, dispatcher } = scripted({ sensitiveHeaders: ['x-mine', 'x-yours'] }, () => ({}));
        const request = client.buildRequest('GET', 'http://a.example/', { headers: secrets });
        await client.send(request);
        await client.send(request.with({ url: location }));
        return dispatcher;
      },
    ],
  ])('leaves behind what looks like a secret, or is called sensitive: %s', async (_, run) => {
    for (const location of ['http://b.example/', 'https://a.example/', 'http://a.example:81/']) {
      const { requests } = await run(location);
      expect(requests.map(({ headers }) => headers.filter(([, value]) => value === 's3cret').length)).toEqual([4, 0]);
    }
    const { requests } = await run('http://a.example/b');
    expect(requests.map(({ headers }) => headers.filter(([, value]) => value === 's3cret').length)).toEqual([4, 4]);
  });

  it('forgets the sensitive names of a client where it is told to', async () => {
    const { client, dispatcher } = scripted(
      { headers: { 'x-mine': 'k' }, sensitiveHeaders: ['x-mine'] },
      through([302, 'http://b.example/']),
    );
    await client.extend({ sensitiveHeaders: null }).get('http://a.example/');
    expect(dispatcher.last.headers).toContainEqual(['x-mine', 'k']);
    for (const names of ['x-mine', [7], ['x mine'], ['']]) {
      await expect(client.get('http://a.example/', { sensitiveHeaders: names as never })).rejects.toMatchObject({
        option: 'sensitiveHeaders',
      });
    }
  });

  it('is followed from https to http where that is allowed, without what is bound', async () => {
    const { client, dispatcher } = scripted({ headers: { 'x-api-key': 'k' } }, through([302, 'http://a.example/b']));
    await expect(client.get('https://a.example/')).rejects.toMatchObject({ code: 'INSECURE_REDIRECT' });
    const { client: careless, dispatcher: other } = scripted(
      { allowDowngrade: true, auth: ['u', 'p'] },
      through([302, 'http://a.example/b']),
    );
    await careless.get('https://a.example/', { headers: { 'x-api-key': 'k' } });
    expect(dispatcher.requests).toHaveLength(1);
    expect(other.last.url[0]).toBe('http');
    expect(other.last.headers.map(([name]) => name)).not.toEqual(expect.arrayContaining(['authorization', 'x-api-key']));
  });
});

describe('with followRedirects: false', () => {
  it('the next step is offered', async () => {
    const { client, dispatcher } = scripted({ followRedirects: false }, through([303, '/b'], [302, 'http://b.example/']));
    let response = await client.post('http://a.example/', { json: 1 });
    expect(response.text()).toBe('moved');
    const path: (string | undefined)[] = [];
    while (response.nextRequest !== undefined) {
      path.push(`${response.nextRequest.method} ${response.nextRequest.url}`);
      response = await client.send(response.nextRequest);
    }
    expect(path).toEqual(['GET http://a.example/b', 'GET http://b.example/']);
    expect(response.text()).toBe('there');
    expect(response.history).toEqual([]);
    expect(dispatcher.requests).toHaveLength(3);
  });

  it.each(['ftp://a.example/', 'http://', ''])('%j is no step', async (location) => {
    const { client } = scripted({}, through([302, location]));
    const response = await client.get('http://a.example/', { followRedirects: null });
    expect(response.status).toBe(302);
    expect(response.nextRequest).toBeUndefined();
  });

  it('a step whose body is gone says so when it is sent', async () => {
    const { client } = scripted({}, async (request, index) => {
      await bodyText(request.body);
      return through([307, '/b'])(request, index);
    });
    const response = await client.stream('PUT', 'http://a.example/', { body: ['x'].values(), followRedirects: false });
    await expect(client.send(response.nextRequest!)).rejects.toMatchObject({ code: 'BODY_NOT_REPLAYABLE' });
  });

  it('one call may still follow', async () => {
    const { client } = scripted({ followRedirects: false }, through([302, '/b']));
    expect((await client.get('http://a.example/', { followRedirects: true })).text()).toBe('there');
  });
});

describe('interceptors and redirects', () => {
  it('see the whole outside, and each hop next to the network', async () => {
    const seen: string[] = [];
    const note =
      (name: string): Interceptor =>
      async (request, context, next) => {
        seen.push(`${name} ${request.url} after ${context.history.length}`);
        return next(request);
      };
    const { client } = scripted({ interceptors: [note('outer')], networkInterceptors: [note('inner')] }, through([302, '/b']));
    await client.get('http://a.example/');
    expect(seen).toEqual(['outer http://a.example/ after 0', 'inner http://a.example/ after 0', 'inner http://a.example/b after 1']);
  });

  it('what the inner ones add to one hop is not taken to the next', async () => {
    const sign: Interceptor = (request, _, next) =>
      next(request.url.endsWith('/') ? request.with({ headers: { authorization: 'Bearer one', cookie: 'jar=1' } }) : request);
    const { client, dispatcher } = scripted({ networkInterceptors: [sign] }, through([302, '/b']));
    await client.get('http://a.example/');
    expect(dispatcher.requests[0]!.headers).toContainEqual(['authorization', 'Bearer one']);
    expect(dispatcher.last.headers.some(([name]) => name === 'authorization' || name === 'cookie')).toBe(false);
  });

  it('the histories of two passes are two', async () => {
    const twice: Interceptor = async (request, _, next) => {
      const first = await next(request);
      const second = await next(request.with({ url: '/direct' }));
      expect([first.history.length, second.history.length]).toEqual([1, 0]);
      return second;
    };
    const { client } = scripted({ interceptors: [twice] }, ({ url }) =>
      url[3] === '/' ? { status: 302, headers: [['location', '/b']] } : { body: 'there' },
    );
    expect((await client.get('http://a.example/')).history).toEqual([]);
  });
});
