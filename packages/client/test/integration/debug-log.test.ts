/** `NODE_DEBUG=xhttp`: what a client does, in words. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { startServer } from '@x/testbed';
import { expect, it } from 'vitest';

const client = new URL('../../src/index.ts', import.meta.url).href;
const cache = new URL('../../../cache/src/index.ts', import.meta.url).href;
const program = `
  import { Client, DigestAuth, Retries, RetryOnStatus } from ${JSON.stringify(client)};
  import { HttpCache } from ${JSON.stringify(cache)};
  const origin = process.argv[1];
  const retries = new Retries(1, { limits: [new RetryOnStatus({ statuses: [503] })], backoffFactor: 0 });
  const client = new Client({ baseUrl: origin, retries, cache: new HttpCache(), auth: new DigestAuth('user', 's3cret') });
  await client.get('/moved?token=s3cret');
  await client.get('/shaky', { throwOnStatus: false });
  await client.get('/private');
`;

it('tells of redirects, retries, authentication and the cache, and of no secret', async () => {
  let asked = 0;
  await using server = await startServer((request, response) => {
    request.resume();
    if (request.url?.startsWith('/moved') === true) response.writeHead(302, { location: '/to?code=s3cret' }).end();
    else if (request.url === '/shaky' && asked++ === 0) response.writeHead(503).end();
    else if (request.url === '/private' && request.headers.authorization === undefined)
      response.writeHead(401, { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256' }).end();
    else response.writeHead(200, { 'cache-control': 'max-age=60' }).end('ok');
  });
  const run = promisify(execFile);
  const { stderr } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program, server.origin], {
    env: { ...process.env, NODE_DEBUG: 'xhttp' },
  });
  const url = (path: string): string => server.url(path);
  expect(stderr).toContain(`GET ${url('/moved?token=[redacted]')} is redirected (302) to GET ${url('/to?code=[redacted]')}\n`);
  expect(stderr).toContain(`GET ${url('/shaky')} is sent again in 0 ms, after the answer 503: retry 1\n`);
  expect(stderr).toContain(`GET ${url('/private')} is sent after an answer of 401, as the authentication flow wants it\n`);
  expect(stderr).toMatch(/GET http:\S+\/to\?code=\[redacted\] has of the cache: miss, /);
  expect(stderr).not.toContain('s3cret');
});
