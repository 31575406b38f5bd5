import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { afterAll, describe, expect, it, vi } from 'vitest';

import { InvalidOption } from '../errors.ts';
import { Request } from '../request/request.ts';
import { StreamResponse } from '../response/stream-response.ts';
import { originFields, proxyFields, type AuthFields } from './auth-fields.ts';
import type { Auth, AuthInput } from './auth.ts';
import { BasicAuth } from './basic.ts';
import { BearerAuth } from './bearer.ts';
import { NetrcAuth } from './netrc-auth.ts';
import { readAuth } from './read-auth.ts';

const home = new Request('GET', 'http://a.example/');

/** The credentials of each request that a flow yields, when the server answers with these statuses, then with 200. */
async function credentials(
  auth: Auth,
  request = home,
  statuses: readonly number[] = [],
  fields: AuthFields = originFields,
): Promise<(string | null)[]> {
  const flow = auth.authFlow(request, { fields, content: new Uint8Array() });
  const sent: (string | null)[] = [];
  for (let step = await flow.next(); step.done !== true;) {
    sent.push(step.value.headers.get(fields.credentials));
    step = await flow.next(StreamResponse.of(step.value, { status: statuses[sent.length - 1] ?? 200 }));
  }
  return sent;
}

describe('Basic', () => {
  it('is user and password in UTF-8 (RFC 7617 §2)', async () => {
    expect(await credentials(new BasicAuth('Aladdin', 'open sesame'))).toEqual(['Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==']);
    expect(await credentials(new BasicAuth('test', '123£'))).toEqual(['Basic dGVzdDoxMjPCow==']);
    expect(await credentials(new BasicAuth('', ''))).toEqual(['Basic Og==']);
    expect(await credentials(new BasicAuth('a', 'b:c'))).toEqual([`Basic ${btoa('a:b:c')}`]);
  });

  it('asks no second time, and speaks to a proxy in its own field', async () => {
    expect(await credentials(new BasicAuth('a', 'b'), home, [401])).toHaveLength(1);
    expect(await credentials(new BasicAuth('a', 'b'), home, [], proxyFields)).toEqual([`Basic ${btoa('a:b')}`]);
  });

  it.each<[unknown, unknown]>([
    ['a:b', 'c'],
    ['a', 'b\r\n'],
    ['a\u0085', 'b'],
    [null, 'b'],
    ['a', 7],
  ])('refuses %j and %j', (user, password) => {
    expect(() => new BasicAuth(user as string, password as string)).toThrow(InvalidOption);
  });
});

describe('Bearer', () => {
  it('is the token', async () => {
    expect(await credentials(new BearerAuth('mF_9.B5f-4.1JqM'), home, [401])).toEqual(['Bearer mF_9.B5f-4.1JqM']);
  });

  it('asks its supplier for each request', async () => {
    let count = 0;
    const auth = new BearerAuth(() => Promise.resolve(`t${++count}`));
    expect(await credentials(auth)).toEqual(['Bearer t1']);
    expect(await credentials(auth)).toEqual(['Bearer t2']);
    expect(await credentials(new BearerAuth(() => undefined))).toEqual([null]);
  });

  it('asks for another token once when the server refuses it', async () => {
    const asked: (string | undefined)[] = [];
    const auth = new BearerAuth((refused) => {
      asked.push(refused);
      return refused === undefined ? 'old' : 'new';
    });
    expect(await credentials(auth, home, [401, 401])).toEqual(['Bearer old', 'Bearer new']);
    expect(asked).toEqual([undefined, 'old']);
    expect(await credentials(new BearerAuth(() => 'same'), home, [401])).toEqual(['Bearer same']);
    expect(await credentials(new BearerAuth((refused) => (refused === undefined ? 'a' : undefined)), home, [401])).toEqual(['Bearer a']);
    expect(await credentials(auth, home, [403])).toEqual(['Bearer old']);
  });

  it('asks once for all who wait, and for all who are refused with the same', async () => {
    const asked: (string | undefined)[] = [];
    let give: ((token: string) => void)[] = [];
    const auth = new BearerAuth((refused) => {
      asked.push(refused);
      return new Promise<string>((resolve) => give.push(resolve));
    });
    const answer = (token: string): void => {
      for (const resolve of give) resolve(token);
      give = [];
    };
    const flows = Array.from({ length: 5 }, () => auth.authFlow(home, { fields: originFields, content: new Uint8Array() }));
    const refused = StreamResponse.of(home, { status: 401 });
    const sent = async (steps: Promise<IteratorResult<Request, void>>[]): Promise<(string | null)[]> =>
      (await Promise.all(steps)).map(({ value }) => (value as Request).headers.get('authorization'));
    const first = sent(flows.map((flow) => flow.next()));
    answer('old');
    expect(await first).toEqual(Array(5).fill('Bearer old'));
    const second = sent(flows.slice(1).map((flow) => flow.next(refused)));
    await null;
    answer('new');
    expect(await second).toEqual(Array(4).fill('Bearer new'));
    // One whose refusal comes when the new one is here already.
    expect(await sent([flows[0]!.next(refused)])).toEqual(['Bearer new']);
    expect(asked).toEqual([undefined, 'old']);
    // A supplier that goes on giving the old one.
    const later = auth.authFlow(home, { fields: originFields, content: new Uint8Array() });
    const third = sent([later.next()]);
    answer('old');
    expect(await third).toEqual(['Bearer new']);
    const fourth = sent([later.next(refused)]);
    await null;
    answer('newer');
    expect(await fourth).toEqual(['Bearer newer']);
    expect(asked).toEqual([undefined, 'old', undefined, 'new']);
  });

  it('fails for all who wait where its supplier does, and asks anew for the next', async () => {
    let calls = 0;
    const auth = new BearerAuth(() => {
      calls += 1;
      if (calls === 1) throw new Error('no token');
      return 'later';
    });
    const outcomes = await Promise.allSettled([credentials(auth), credentials(auth)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await credentials(auth)).toEqual(['Bearer later']);
    expect(calls).toBe(2);
  });

  it.each(['', 'a b', 'a\r\nx: y', 'tökén', 7])('refuses %j, and quotes nothing of it', async (token) => {
    if (token !== 7) expect(() => new BearerAuth(token as string)).toThrow(InvalidOption);
    await expect(credentials(new BearerAuth(() => token as string))).rejects.toThrow(/^(?!.*x: y).*token/);
  });
});

describe('netrc', () => {
  const folder = mkdtempSync(join(tmpdir(), 'netrc-'));
  const path = join(folder, 'netrc');
  writeFileSync(path, 'machine a.example login ada password lovelace\nmachine bad login a:b password c');
  afterAll(() => rmSync(folder, { recursive: true }));

  it('gives credentials by host, from a file that is read once', async () => {
    const auth = new NetrcAuth(path);
    expect(await credentials(auth)).toEqual([`Basic ${btoa('ada:lovelace')}`]);
    expect(await credentials(auth, new Request('GET', 'http://b.example/'))).toEqual([null]);
    await expect(credentials(auth, new Request('GET', 'http://bad/'))).rejects.toThrow(InvalidOption);
  });

  it('is found by the environment, or in the home directory', async () => {
    vi.stubEnv('NETRC', path);
    expect(await credentials(new NetrcAuth())).toEqual([`Basic ${btoa('ada:lovelace')}`]);
    vi.stubEnv('NETRC', join(folder, 'missing'));
    expect(await credentials(new NetrcAuth())).toEqual([null]);
    vi.stubEnv('NETRC', '');
    vi.stubEnv('HOME', folder);
    vi.stubEnv('USERPROFILE', folder);
    expect(await credentials(new NetrcAuth())).toEqual([null]);
    writeFileSync(join(folder, '_netrc'), 'default login under password score');
    expect(await credentials(new NetrcAuth())).toEqual([`Basic ${btoa('under:score')}`]);
    writeFileSync(join(folder, '.netrc'), 'default login dot password file');
    expect(await credentials(new NetrcAuth())).toEqual([`Basic ${btoa('dot:file')}`]);
  });

  it('says when the file that was named is not there', async () => {
    const auth = new NetrcAuth(join(folder, 'later'));
    await expect(credentials(auth)).rejects.toMatchObject({ code: 'NETRC_UNREADABLE', cause: { code: 'ENOENT' } });
    writeFileSync(join(folder, 'later'), 'default login a password b');
    expect(await credentials(auth)).toEqual([`Basic ${btoa('a:b')}`]);
    expect(() => new NetrcAuth(7 as unknown as string)).toThrow(InvalidOption);
  });
});

describe('what a caller gives', () => {
  it('is user and password, one of the ways, or a flow', async () => {
    expect(await credentials(readAuth(['a', 'b']))).toEqual([`Basic ${btoa('a:b')}`]);
    const bearer = new BearerAuth('t');
    expect(readAuth(bearer)).toBe(bearer);
    const flow = readAuth(function* (request) {
      yield request.with({ headers: { authorization: 'Own x' } });
    });
    expect(await credentials(flow)).toEqual(['Own x']);
  });

  it.each([[['a']], [['a', 'b', 'c']], [{}], ['a:b'], [7], [[7, 'b']]])('is not %j', (input) => {
    expect(() => readAuth(input as unknown as AuthInput)).toThrow(InvalidOption);
  });

  it('shows no secret', () => {
    for (const auth of [new BasicAuth('ada', 's3cr3t'), new BearerAuth('s3cr3t'), new BearerAuth(() => 's3cr3t'), new NetrcAuth()]) {
      expect(inspect(auth, { depth: 9, showHidden: true })).not.toMatch(/ada|s3cr3t/);
      expect(JSON.stringify(auth)).not.toMatch(/ada|s3cr3t/);
    }
  });
});
