import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { BodyNotReplayable, InvalidOption } from '../../errors.ts';
import { Request } from '../../request/request.ts';
import { StreamResponse } from '../../response/stream-response.ts';
import { originFields, proxyFields, type AuthFields } from '../auth-fields.ts';
import { DigestAuth } from './digest.ts';

type Answer = readonly [status: number, headers?: readonly (readonly [string, string])[]];

/** Runs a flow against answers written down, and gives the credentials of each request that it yields. */
async function run(
  auth: DigestAuth,
  request: Request,
  answers: readonly Answer[],
  fields: AuthFields = originFields,
): Promise<(string | null)[]> {
  const flow = auth.authFlow(request, { fields, content: new Uint8Array() });
  const sent: (string | null)[] = [];
  let step = await flow.next();
  for (const [status, headers = []] of answers) {
    if (step.done === true) throw new Error('The flow ended too early');
    sent.push(step.value.headers.get(fields.credentials));
    step = await flow.next(StreamResponse.of(step.value, { status, headers }));
  }
  expect(step.done, 'the flow has ended').toBe(true);
  return sent;
}

const challenge = (nonce: string, rest = ''): Answer => [
  401,
  [['WWW-Authenticate', `Digest realm="r", nonce="${nonce}", qop="auth"${rest}`]],
];
const request = (path = '/', origin = 'http://a.example'): Request => new Request('GET', origin + path);
const nonces = (sent: readonly (string | null)[]): (string | undefined)[] =>
  sent.map((field) => (field === null ? undefined : `${/ nonce="([^"]*)"/.exec(field)?.[1]}/${Number(/nc=(\w+)/.exec(field)?.[1])}`));

describe('Digest', () => {
  it('waits for the challenge once, then answers before it is asked', async () => {
    const auth = new DigestAuth('u', 'p');
    expect(nonces(await run(auth, request(), [challenge('n1'), [200]]))).toEqual([undefined, 'n1/1']);
    expect(nonces(await run(auth, request('/b'), [[200]]))).toEqual(['n1/2']);
    expect(nonces(await run(auth, request('/c'), [[404]]))).toEqual(['n1/3']);
  });

  it('takes the nonce that the server wants next', async () => {
    const auth = new DigestAuth('u', 'p');
    const next = (nonce: string): Answer => [200, [['Authentication-Info', `qop=auth, nextnonce="${nonce}"`]]];
    await run(auth, request(), [challenge('n1'), next('n2')]);
    expect(nonces(await run(auth, request(), [next('n3')]))).toEqual(['n2/1']);
    expect(nonces(await run(auth, request(), [[200, [['authentication-info', 'nextnonce=""']]]]))).toEqual(['n3/1']);
    expect(nonces(await run(auth, request(), [[200, [['authentication-info', 'nextnonce="x" oops']]]]))).toEqual(['n3/2']);
    expect(nonces(await run(auth, request(), [[200]]))).toEqual(['n3/3']);
  });

  it('answers again when the nonce was too old, whether the server says so or not', async () => {
    const auth = new DigestAuth('u', 'p');
    await run(auth, request(), [challenge('n1'), [200]]);
    expect(nonces(await run(auth, request(), [challenge('n2', ', stale=TRUE'), [200]]))).toEqual(['n1/2', 'n2/1']);
    expect(nonces(await run(auth, request(), [challenge('n3'), [200]]))).toEqual(['n2/2', 'n3/1']);
    // Stale between challenge and answer.
    expect(nonces(await run(auth, request(), [challenge('n4'), challenge('n5', ', stale=true'), [200]]))).toEqual(['n3/2', 'n4/1', 'n5/1']);
  });

  it('answers each of many requests with the nonce that it was challenged with, and shares one that was taken', async () => {
    const auth = new DigestAuth('u', 'p');
    const flows = ['a', 'b', 'c'].map((name) => auth.authFlow(request(`/${name}`), { fields: originFields, content: new Uint8Array() }));
    const answer = async (index: number, [status, headers = []]: Answer): Promise<string | undefined> => {
      const step = await flows[index]!.next(StreamResponse.of(request(), { status, headers }));
      return step.done === true ? 'done' : nonces([step.value.headers.get('authorization')])[0];
    };
    for (const flow of flows) expect(((await flow.next()).value as Request).headers.get('authorization')).toBeNull();
    expect([await answer(0, challenge('n0')), await answer(1, challenge('n1')), await answer(2, challenge('n2'))]).toEqual([
      'n0/1',
      'n1/1',
      'n2/1',
    ]);
    expect(await answer(1, [200])).toBe('done');
    expect(nonces(await run(auth, request(), [[200]]))).toEqual(['n1/2']);
    expect(await answer(2, challenge('n3', ', stale=true'))).toBe('n3/1');
    expect([await answer(0, [200]), await answer(2, [200])]).toEqual(['done', 'done']);
    expect(nonces(await run(auth, request(), [[200]]))).toEqual(['n3/2']);
  });

  it('does not go on with an answer that was taken once, and is refused now', async () => {
    const auth = new DigestAuth('u', 'p');
    await run(auth, request(), [challenge('n1'), [200]]);
    expect(nonces(await run(auth, request(), [challenge('n2'), challenge('n3')]))).toEqual(['n1/2', 'n2/1']);
    expect(await run(auth, request(), [[401]])).toEqual([null]);
  });

  it('goes on counting when the server repeats its nonce', async () => {
    const auth = new DigestAuth('u', 'p');
    expect(nonces(await run(auth, request(), [challenge('n1'), [200]]))).toEqual([undefined, 'n1/1']);
    expect(nonces(await run(auth, request(), [challenge('n1'), [200]]))).toEqual(['n1/2', 'n1/3']);
  });

  it('gives up when the credentials are refused, and does not offer them again unasked', async () => {
    const auth = new DigestAuth('u', 'wrong');
    expect(nonces(await run(auth, request(), [challenge('n1'), challenge('n2')]))).toEqual([undefined, 'n1/1']);
    expect(nonces(await run(auth, request(), [[200]]))).toEqual([undefined]);
    await run(auth, request(), [challenge('n3'), challenge('n4', ', stale=true'), challenge('n5', ', stale=true')]);
    expect(nonces(await run(auth, request(), [[401]]))).toEqual([undefined]);
  });

  it('lets an answer pass that asks for something else', async () => {
    const auth = new DigestAuth('u', 'p');
    expect(await run(auth, request(), [[401, [['www-authenticate', 'Basic realm="r"']]]])).toEqual([null]);
    expect(await run(auth, request(), [[407, [['proxy-authenticate', 'Digest realm="r", nonce="n"']]]])).toEqual([null]);
    expect(await run(auth, request(), [[403, challenge('n')[1]!]])).toEqual([null]);
  });

  it('keeps servers and protection spaces apart', async () => {
    const auth = new DigestAuth('u', 'p');
    await run(auth, request('/private/x'), [challenge('n1', ', domain="/private http://a.example/also?q http://b.example/"'), [200]]);
    expect(nonces(await run(auth, request('/private/y'), [[200]]))).toEqual(['n1/2']);
    expect(nonces(await run(auth, request('/also?q=1'), [[200]]))).toEqual(['n1/3']);
    for (const [path, origin] of [
      ['/public', 'http://a.example'],
      ['/private/x', 'http://b.example'],
      ['/private/x', 'https://a.example'],
      ['/private/x', 'http://a.example:81'],
    ] as const) {
      expect(await run(auth, request(path, origin), [[200]])).toEqual([null]);
    }
    const other: Answer = [401, [['www-authenticate', 'Digest realm="whole", nonce="m1", qop="auth"']]];
    await run(auth, request('/'), [other, [200]]);
    expect(nonces(await run(auth, request('/private/x'), [[200]]))).toEqual(['n1/4']);
    expect(nonces(await run(auth, request('/elsewhere'), [[200]]))).toEqual(['m1/2']);
  });

  it('remembers a bounded number of servers', async () => {
    const auth = new DigestAuth('u', 'p');
    for (let index = 0; index < 300; index++) await run(auth, request('/', `http://h${index}.example`), [challenge('n'), [200]]);
    expect(await run(auth, request('/', 'http://h0.example'), [[200]])).toEqual([null]);
    expect(nonces(await run(auth, request('/', 'http://h299.example'), [[200]]))).toEqual(['n/2']);
  });

  it('answers a proxy in its own fields, with the target as the proxy sees it', async () => {
    const auth = new DigestAuth('u', 'p');
    const asked: Answer = [407, [['Proxy-Authenticate', 'Digest realm="r", nonce="n", qop="auth", domain="/x"']]];
    const [, answer] = await run(auth, request('/y?z'), [asked, [200, [['proxy-authentication-info', 'nextnonce=n2']]]], proxyFields);
    expect(answer).toContain('uri="http://a.example/y?z"');
    const [tunnel] = await run(auth, new Request('CONNECT', 'https://b.example'), [[200]], proxyFields);
    expect(tunnel).toContain('uri="b.example:443"');
    expect(tunnel).toContain('nonce="n2"');
  });

  it('covers the body with auth-int, and reads it in any form', async () => {
    const integrity: Answer = [401, [['www-authenticate', 'Digest realm="r", nonce="n", qop="auth-int"']]];
    const auth = new DigestAuth('u', 'p');
    const post = new Request('POST', 'http://a.example/', { json: { a: 1 } });
    const [, first] = await run(auth, post, [integrity, [200]]);
    expect(first).toContain('qop=auth-int');
    // Now that the server is known to want it, a stream can be read before it is sent.
    const body = new Request('POST', 'http://a.example/', { body: new Blob(['{"a":1}']).stream(), headers: { 'content-type': 'x/y' } });
    const flow = auth.authFlow(body, { fields: originFields, content: new Uint8Array() });
    const sent = await flow.next();
    const whole = sent.value as Request;
    expect(whole.body).toMatchObject({ length: 7, replayable: true });
    expect(whole.headers.get('content-type')).toBe('x/y');
    expect(whole.headers.get('content-length')).toBe('7');
    expect(whole.headers.get('authorization')).toContain('nc=00000002');
  });

  it('can not cover a body that is gone', async () => {
    const auth = new DigestAuth('u', 'p');
    const post = new Request('POST', 'http://a.example/', { body: new Blob(['x']).stream() });
    for await (const chunk of post.body!.open()) expect(chunk).toHaveLength(1);
    const asked: Answer = [401, [['www-authenticate', 'Digest realm="r", nonce="n", qop="auth-int"']]];
    await expect(run(auth, post, [asked])).rejects.toBeInstanceOf(BodyNotReplayable);
  });

  it('shows nothing of what it knows', async () => {
    const auth = new DigestAuth('ada', 's3cr3t');
    await run(auth, request(), [challenge('n1'), [200]]);
    for (const shown of [inspect(auth, { depth: 9, showHidden: true }), JSON.stringify(auth)]) expect(shown).not.toMatch(/ada|s3cr3t|n1/);
  });

  it.each<[unknown, unknown, object?]>([
    ['a:b', 'p'],
    ['a\n', 'p'],
    ['a', 'p\0'],
    [7, 'p'],
    ['a', undefined],
    ['a', 'p', { qop: 'auth-conf' }],
    ['a', 'p', { algorithms: 'MD5' }],
    ['a', 'p', { algorithm: 'MD5' }],
  ])('refuses %j, %j, %j', (user, password, options) => {
    expect(() => new DigestAuth(user as string, password as string, options)).toThrow(InvalidOption);
  });
});
