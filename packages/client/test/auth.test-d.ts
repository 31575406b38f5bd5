/** What compiles of auth and cookies, and what must not. `tsc` is the test. */
import {
  BasicAuth,
  type Client,
  CookieJar,
  type AsyncAuthFlow,
  type Auth,
  type AuthFlow,
  type Cookie,
  type Request,
  type Response,
  type AnyResponse,
} from '@x/client';
import { expectTypeOf } from 'vitest';

declare const client: Client;

void client.extend({ auth: ['user', 'password'], cookies: null });
void client.extend({ auth: null, cookies: { a: '1', b: 2, c: null } });
void client.extend({ auth: new BasicAuth('a', 'b'), cookies: new CookieJar(), trustEnv: true });
void client.get('/', { auth: ['user', 'password'], cookies: false });
// @ts-expect-error A password is needed.
void client.extend({ auth: ['user'] });
// @ts-expect-error It is no URL.
void client.extend({ auth: 'user:password' });
// @ts-expect-error A cookie is text or a number.
void client.extend({ cookies: { a: true } });
// @ts-expect-error True says nothing: there is a jar anyway.
void client.extend({ cookies: true });
// @ts-expect-error The environment is the client's affair.
void client.get('/', { trustEnv: true });

// Flows.
void client.extend({
  *auth(request: Request): AuthFlow {
    const response = yield request;
    expectTypeOf(response).toEqualTypeOf<AnyResponse>();
  },
});
void client.extend({
  async *auth(request: Request): AsyncAuthFlow {
    const response = yield request;
    await response.json();
  },
});
const whole: Auth = {
  requiresResponseBody: true,
  *authFlow(request: Request): AuthFlow<Response> {
    const response = yield request;
    expectTypeOf(response.text()).toEqualTypeOf<string>();
  },
};
void client.extend({ auth: whole });
function* numbers(): Generator<number, void> {
  yield 7;
}
// @ts-expect-error A flow yields requests.
void client.extend({ auth: numbers });

// A jar.
const jar = new CookieJar({ maxCookies: 10 });
expectTypeOf(jar.set('a=1', 'http://a.example/')).toEqualTypeOf<Cookie>();
expectTypeOf(jar.header('http://a.example/')).toEqualTypeOf<string | undefined>();
expectTypeOf([...jar]).toEqualTypeOf<Cookie[]>();
// @ts-expect-error The cookies of a jar do not change.
jar.get('http://a.example/')[0]!.value = 'x';
