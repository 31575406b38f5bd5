import { inspect } from 'node:util';

import * as oauth from 'oauth4webapi';
import { describe, expect, it } from 'vitest';

import {
  Client,
  InvalidOption,
  OAuth2Auth,
  TokenError,
  type ClientOptions,
  type OAuth2Options,
  type OAuth2Tokens,
} from '../../src/index.ts';
import type { Clock } from '../../src/time/clock.ts';
import { bodyText, ScriptedDispatcher, type DispatchedRequest, type ScriptedAnswer } from '../scripted-dispatcher.ts';

const tokenUrl = 'https://id.example/token?tenant=7';
const secrets = { tokenUrl, clientId: 'ad:a', clientSecret: 's3 cr/et' };

interface Endpoint {
  readonly client: Client;
  readonly dispatcher: ScriptedDispatcher;
  /** The parameters of each request for a token. */
  readonly asked: Record<string, string>[];
  /** The tokens that the API was shown. */
  readonly shown: (string | null)[];
}

type Grant = (parameters: Record<string, string>, index: number) => unknown;

/** An API that takes the token that was granted last, and its token endpoint. */
function endpoint(auth: OAuth2Auth, grant: Grant, options: ClientOptions = {}): Endpoint {
  const asked: Record<string, string>[] = [];
  const shown: (string | null)[] = [];
  const dispatcher = new ScriptedDispatcher(async (request): Promise<ScriptedAnswer> => {
    if (request.url[1] !== 'id.example') {
      shown.push(field(request, 'authorization') ?? null);
      return { status: shown.at(-1) === 'Bearer expired' ? 401 : 200 };
    }
    asked.push(Object.fromEntries(new URLSearchParams(await bodyText(request.body))));
    const answer = await grant(asked.at(-1)!, asked.length - 1);
    if (typeof answer === 'object' && answer !== null && 'status' in answer) return answer as ScriptedAnswer;
    return { headers: [['content-type', 'application/json']], body: JSON.stringify(answer) };
  });
  return { client: new Client({ dispatcher, auth, ...options } as ClientOptions), dispatcher, asked, shown };
}

function field({ headers }: DispatchedRequest, name: string): string | undefined {
  return headers.find(([candidate]) => candidate.toLowerCase() === name)?.[1];
}

function clockAt(start: number): Clock & { time: number } {
  return {
    time: start,
    now: () => 0,
    today(): number {
      return this.time;
    },
    schedule: () => () => {},
  };
}

const url = 'https://api.example/x';

describe('OAuth 2.0', () => {
  it.each<[string, Partial<OAuth2Options>, oauth.ClientAuth]>([
    ['basic', {}, oauth.ClientSecretBasic(secrets.clientSecret)],
    ['body', { clientAuthentication: 'body' }, oauth.ClientSecretPost(secrets.clientSecret)],
    ['public', { clientSecret: undefined }, oauth.None()],
  ])('asks as oauth4webapi does: %s', async (_, options, clientAuth) => {
    for (const refreshToken of [undefined, 'r/1']) {
      const auth = new OAuth2Auth({
        ...secrets,
        scope: ['read', 'write'],
        params: { audience: 'https://api.example' },
        refreshToken,
        ...options,
      });
      const { client, dispatcher } = endpoint(auth, () => ({ access_token: 'a', token_type: 'bearer' }));
      await client.get(url);
      let theirs: globalThis.Request | undefined;
      const server: oauth.AuthorizationServer = { issuer: 'https://id.example', token_endpoint: tokenUrl };
      const own: oauth.Client = { client_id: secrets.clientId };
      const parameters = new URLSearchParams({ scope: 'read write', audience: 'https://api.example' });
      const request: oauth.ClientCredentialsGrantRequestOptions = {
        [oauth.customFetch]: (to, init) => {
          theirs = new globalThis.Request(to, init);
          return Promise.resolve(globalThis.Response.json({ access_token: 'a', token_type: 'bearer' }));
        },
      };
      await (refreshToken === undefined
        ? oauth.clientCredentialsGrantRequest(server, own, clientAuth, parameters, request)
        : oauth.refreshTokenGrantRequest(server, own, clientAuth, refreshToken, { ...request, additionalParameters: parameters }));
      const ours = dispatcher.requests[0]!;
      expect(`${ours.url[0]}://${ours.url[1]}${ours.url[3]}`).toBe(theirs!.url);
      expect(ours.method).toBe(theirs!.method);
      for (const name of ['authorization', 'accept']) expect([name, field(ours, name) ?? null]).toEqual([name, theirs!.headers.get(name)]);
      const sorted = (text: string): string[] => [...new URLSearchParams(text)].map(String).toSorted();
      expect(sorted(await bodyText(ours.body))).toEqual(sorted(await theirs!.text()));
    }
  });

  it('asks once for all who wait, past everything else of the client', async () => {
    const auth = new OAuth2Auth(secrets);
    const seen: string[] = [];
    const { client, asked, shown, dispatcher } = endpoint(auth, () => ({ access_token: 'a', expires_in: 3600 }), {
      headers: { 'x-mine': '1' },
      networkInterceptors: [(request, _, next) => next(request.with({ headers: { 'x-seen': String(seen.push(request.url)) } }))],
    });
    await Promise.all(Array.from({ length: 10 }, () => client.get(url)));
    await client.extend({}).get(url);
    expect(asked).toEqual([{ grant_type: 'client_credentials' }]);
    expect(new Set(shown)).toEqual(new Set(['Bearer a']));
    expect(seen).toHaveLength(11);
    expect(dispatcher.requests[0]!.headers.map(([name]) => name)).not.toEqual(expect.arrayContaining(['x-mine', 'x-seen', 'cookie']));
  });

  it('is not ended by the call that happens to ask', async () => {
    const auth = new OAuth2Auth(secrets);
    let grant: (() => void) | undefined;
    const { client, asked } = endpoint(auth, () => new Promise((resolve) => (grant = () => resolve({ access_token: 'a' }))));
    const controller = new AbortController();
    const first = client.get(url, { signal: controller.signal });
    const second = client.get(url);
    await expect.poll(() => asked.length).toBe(1);
    controller.abort();
    await expect(first).rejects.toMatchObject({ name: 'Aborted' });
    grant!();
    expect((await second).status).toBe(200);
    expect(asked).toHaveLength(1);
  });

  it('asks for another ahead of the end, and lets nobody wait for it', async () => {
    const clock = clockAt(1_000_000);
    const auth = new OAuth2Auth({ ...secrets, renewAhead: 30_000 }, clock);
    const { client, asked, shown } = endpoint(auth, (_, index) =>
      index === 1 ? { status: 503 } : { access_token: `a${index}`, expires_in: index === 0 ? 100 : '20' },
    );
    await client.get(url);
    clock.time += 69_000;
    await client.get(url);
    expect(asked).toHaveLength(1);
    clock.time += 2_000;
    await client.get(url);
    // That failed, and is of no matter yet.
    await expect.poll(() => asked.length).toBe(2);
    await new Promise((resolve) => setImmediate(resolve));
    await client.get(url);
    await expect.poll(() => auth.tokens?.accessToken).toBe('a2');
    await client.get(url);
    // Of one that lives shorter than that, half of its life.
    clock.time += 9_000;
    await client.get(url);
    expect(asked).toHaveLength(3);
    clock.time += 60_000;
    await client.get(url);
    expect(shown).toEqual(['Bearer a0', 'Bearer a0', 'Bearer a0', 'Bearer a0', 'Bearer a2', 'Bearer a2', 'Bearer a3']);
  });

  it('asks for another once where the server refuses it', async () => {
    const auth = new OAuth2Auth({ ...secrets, tokens: { accessToken: 'expired' } });
    const { client, asked, shown } = endpoint(auth, () => ({ access_token: 'a' }));
    const statuses = await Promise.all(Array.from({ length: 5 }, async () => (await client.get(url)).status));
    expect(statuses).toEqual([200, 200, 200, 200, 200]);
    expect(asked).toHaveLength(1);
    expect(shown.filter((token) => token === 'Bearer a')).toHaveLength(5);
    const stubborn = endpoint(new OAuth2Auth(secrets), () => ({ access_token: 'expired' }));
    expect((await stubborn.client.get(url)).status).toBe(401);
    expect(stubborn.asked).toHaveLength(2);
  });

  it('goes on with the refresh token that comes in place of the one before, and tells its keeper first', async () => {
    const clock = clockAt(1_000_000);
    const kept: OAuth2Tokens[] = [];
    const auth = new OAuth2Auth({ ...secrets, refreshToken: 'r0', onTokens: (tokens) => void kept.push(tokens) }, clock);
    const { client, asked } = endpoint(auth, (_, index) => ({
      access_token: `a${index}`,
      expires_in: 10,
      ...(index === 1 ? {} : { refresh_token: `r${index + 1}` }),
    }));
    for (let round = 0; round < 4; round++) {
      await client.get(url);
      clock.time += 20_000;
    }
    expect(asked.map(({ refresh_token: token }) => token)).toEqual(['r0', 'r1', 'r1', 'r3']);
    expect(kept.map(({ accessToken, refreshToken, expiresAt }) => [accessToken, refreshToken, expiresAt])).toEqual([
      ['a0', 'r1', 1_010_000],
      ['a1', 'r1', 1_030_000],
      ['a2', 'r3', 1_050_000],
      ['a3', 'r4', 1_070_000],
    ]);
    const resumed = new OAuth2Auth({ ...secrets, refreshToken: 'r0', tokens: kept.at(-1) }, clock);
    const later = endpoint(resumed, () => ({ access_token: 'b' }));
    await later.client.get(url);
    expect(later.asked[0]).toMatchObject({ refresh_token: 'r4' });
  });

  it('shows its token to its origins alone, wherever a redirect leads', async () => {
    for (const origins of [undefined, ['https://api.example', 'https://b.example:8443/']]) {
      const auth = new OAuth2Auth({ ...secrets, origins, tokens: { accessToken: 'a' } });
      const hops = ['https://b.example:8443/', 'https://evil.example/', 'http://api.example/', 'https://api.example/end'];
      let hop = 0;
      const dispatcher = new ScriptedDispatcher(() => (hop < hops.length ? { status: 307, headers: [['location', hops[hop++]!]] } : {}));
      const client = new Client({ dispatcher, auth, allowDowngrade: true });
      await client.get(url);
      const other = origins === undefined ? null : 'Bearer a';
      expect(dispatcher.requests.map((request) => field(request, 'authorization') ?? null)).toEqual([
        'Bearer a',
        other,
        null,
        null,
        'Bearer a',
      ]);
      await client.get('https://evil.example/');
      // Without a word about origins it is for the server that a call begins with.
      expect(field(dispatcher.last, 'authorization')).toBe(origins === undefined ? 'Bearer a' : undefined);
    }
  });

  it.each<[ScriptedAnswer, object]>([
    [
      { status: 400, body: '{"error":"invalid_grant","error_description":"s3cret"}' },
      { code: 'TOKEN_REFUSED', error: 'invalid_grant', status: 400 },
    ],
    [
      { status: 401, body: 'no' },
      { code: 'TOKEN_REFUSED', error: undefined, status: 401 },
    ],
    [
      { status: 200, body: '<html>' },
      { code: 'TOKEN_UNREADABLE', status: 200 },
    ],
    [{ status: 200, body: '{"access_token":7}' }, { code: 'TOKEN_UNREADABLE' }],
    [{ status: 200, body: '{"access_token":"a","token_type":"mac"}' }, { code: 'TOKEN_UNREADABLE' }],
    [
      { status: 302, headers: [['location', 'https://evil.example/']] },
      { code: 'TOKEN_UNREADABLE', status: 302 },
    ],
    [
      { status: 200, body: new Uint8Array(2 * 1024 * 1024) },
      { code: 'TOKEN_UNREACHABLE', cause: { code: 'RESPONSE_TOO_LARGE' } },
    ],
    [
      { status: 200, bodyError: new Error('gone') },
      { code: 'TOKEN_UNREACHABLE', cause: { message: 'gone' } },
    ],
  ])('says what went wrong, for all who wait, and without a secret: %j', async (answer, expected) => {
    const { client, shown, asked } = endpoint(new OAuth2Auth({ ...secrets, refreshToken: 's3cret' }), () => answer);
    const outcomes = await Promise.allSettled([client.get(url), client.get(url)]);
    for (const outcome of outcomes) {
      const { reason } = outcome as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(TokenError);
      expect(reason).toMatchObject(expected);
      expect(inspect(reason)).not.toMatch(/s3|cr\/et/);
    }
    expect([shown.length, asked.length]).toEqual([0, 1]);
  });

  it('refuses what it can not use, and shows nothing of what it knows', async () => {
    for (const options of [
      { clientId: '' },
      { tokenUrl: 'token' },
      { clientAuthentication: 'jwt' },
      { renewAhead: -1 },
      { origins: ['api'] },
      { onTokens: 7 },
      { secret: 'x' },
    ])
      expect(() => new OAuth2Auth({ ...secrets, ...(options as object) })).toThrow(InvalidOption);
    const auth = new OAuth2Auth({ ...secrets, refreshToken: 's3cret', tokens: { accessToken: 's3cret' } });
    expect(inspect(auth, { depth: 9, showHidden: true })).not.toMatch(/s3/);
  });
});
