import type { Behaviour, Handler } from '../server/http-server.ts';
import { answerText } from './answers.ts';
import { answerBytes, type BytesOptions } from './bytes.ts';
import { cacheable } from './cacheable.ts';
import { digest } from './digest.ts';
import { echoBody, echoRequest } from './echo.ts';
import { json } from './json.ts';
import { login } from './login.ts';
import { answerRedirect } from './redirect.ts';
import { answerStatus } from './status.ts';
import { upload, type UploadExtras } from './upload.ts';

export interface SiteOptions {
  /** Every `/bytes` body has one bit flipped. Default false. */
  readonly corruptBytes?: boolean;
}

/**
 * Many behaviours behind one origin: `/` (hello world), `/echo`, `/echo/raw`, `/json`, `/bytes/:size?seed=&framing=`,
 * `/status/:code`, `/cacheable/:seconds`, `/redirect/:hops`, `/redirect-to`, `/loop`, `/login`, `/account`, `/logout`, `/digest`, `/upload`.
 */
export function site(options: SiteOptions = {}): Behaviour<UploadExtras> {
  const uploads = upload();
  const members = login();
  const handlers: Readonly<Record<string, Handler>> = {
    '': (request, response) => {
      request.resume();
      answerText(response, 200, 'hello world');
    },
    echo: (request, response) => (request.url === '/echo/raw' ? echoBody : echoRequest)(request, response),
    json: json().handle,
    bytes: (request, response) => answerBytes(request, response, bytesAskedFor(request.url ?? '', options)),
    status: answerStatus,
    cacheable: cacheable().handle,
    redirect: answerRedirect,
    'redirect-to': answerRedirect,
    loop: answerRedirect,
    login: members.handle,
    account: members.handle,
    logout: members.handle,
    digest: digest({ domain: '/digest' }).handle,
    upload: uploads.handle,
  };
  return {
    handle(request, response) {
      const name = /^\/([^/?]*)/u.exec(request.url ?? '')?.[1] ?? '';
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (handler === undefined) answerText(response, 404, `no ${name} here`);
      else handler(request, response);
    },
    extras: uploads.extras,
  };
}

function bytesAskedFor(target: string, options: SiteOptions): BytesOptions {
  const url = new URL(target, 'http://testbed.invalid');
  const size = Number(url.pathname.split('/')[2] ?? 0);
  const framing = url.searchParams.get('framing');
  return {
    size: Number.isSafeInteger(size) ? size : 0,
    seed: url.searchParams.get('seed') ?? 'testbed',
    corrupt: options.corruptBytes === true,
    ...(framing === 'chunked' || framing === 'close' ? { framing } : {}),
  };
}
