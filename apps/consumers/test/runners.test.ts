import { existsSync, readdirSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { isInstalled, newConsumer, type Consumer } from '../src/packed.ts';
import { node, run } from '../src/processes.ts';
import { startSmokeServers, type SmokeServers } from '../src/smoke-servers.ts';

const bin = (path: string): string => join(import.meta.dirname, '../node_modules', path);
const vitest = join(import.meta.dirname, '../../../node_modules/vitest/vitest.mjs');

let consumer: Consumer;
let server: Server;
let url: string;

beforeAll(async () => {
  // Outside of the runners: a fake clock stops what is beside it.
  server = createServer((request, response) => {
    if (request.url === '/silent') return;
    if (request.url === '/cookie') response.setHeader('set-cookie', 'sid=1; Path=/');
    response.setHeader('content-type', 'application/json');
    request.resume().on('end', () => response.end(JSON.stringify({ cookie: request.headers.cookie ?? null })));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  consumer = await newConsumer();
  await consumer.install('jest', 'ts-jest', 'typescript', '@types/jest', 'jsdom', 'happy-dom', 'nock', 'msw', '@mswjs/interceptors');
}, 120_000);

afterAll(async () => {
  await consumer?.remove();
  server.closeAllConnections();
  server.close();
});

/** In the words that jest and vitest share. `fake` is what makes the clock stand still. */
function suite(fake: string, real: string): string {
  return `
const url = ${JSON.stringify(url)};

test('calls, cookies and typed errors', async () => {
  const client = new Client();
  await client.get(url + '/cookie');
  expect((await client.get(url)).json()).toEqual({ cookie: 'sid=1' });
  const files = { file: { content: new TextEncoder().encode('x'), filename: 'a.png' } };
  expect((await client.post(url, { files })).status).toBe(200);
  const refused: unknown = await client.get('http://127.0.0.1:1/').catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ConnectError);
  expect(refused).toBeInstanceOf(Error);
  await client.close();
});

test('what the environment gives can be sent', async () => {
  const client = new Client();
  const form = new FormData();
  form.append('a', 'b');
  expect((await client.post(url, { body: new URLSearchParams({ a: 'b' }) })).status).toBe(200);
  expect((await client.get(new URL('/cookie', url), { signal: new AbortController().signal, headers: new Headers({ a: 'b' }) })).status).toBe(200);
  const controller = new AbortController();
  const call = client.get(url + '/silent', { signal: controller.signal }).catch((error: unknown) => error);
  controller.abort();
  expect(await call).toBeInstanceOf(Error);
  expect((await client.post(url, { body: form })).status).toBe(200);
  const blob = new Blob(['x']);
  const sent: unknown = await client.post(url, { body: blob }).catch((error: unknown) => error);
  // jsdom's can not be read by anybody.
  if ('stream' in blob) expect(sent).toMatchObject({ status: 200 });
  else expect(sent).toBeInstanceOf(InvalidOption);
  await client.close();
});

test('the core takes the octets and the signals of the environment', async () => {
  const pool = new ConnectionPool();
  const { hostname, port } = new URL(url);
  const octets = [new Uint8Array([120]), new TextEncoder().encode('y')];
  const [, status, , , body] = await pool.dispatch('POST', ['http', hostname, Number(port), '/'], [], octets);
  expect(status).toBe(200);
  await body.bytes();
  const controller = new AbortController();
  const context = { signal: controller.signal };
  const call = pool.dispatch('GET', ['http', hostname, Number(port), '/silent'], [], null, undefined, context).catch((error: unknown) => error);
  controller.abort();
  expect(await call).toBeInstanceOf(Aborted);
  await pool.destroy();
});

test('an application without a network answers', async () => {
  const mocked = mockClient(() => ({ status: 200, body: 'ok' }));
  expect((await mocked.get('https://example.com/')).text()).toBe('ok');
});

test('a clock that stands still stops no request', async () => {
  ${fake};
  try {
    const client = new Client({ retries: 1 });
    expect((await client.get(url)).status).toBe(200);
    const stream = await client.stream('GET', url);
    expect(await stream.text()).toContain('cookie');
    await client.close();
  } finally {
    ${real};
  }
});

test('nor a timeout', async () => {
  ${fake};
  try {
    const client = new Client();
    const late: unknown = await client.get(url + '/silent', { timeout: 50 }).catch((error: unknown) => error);
    expect(late).toBeInstanceOf(TimeoutError);
    client.destroy();
  } finally {
    ${real};
  }
});
`;
}

const imports = `import { Client, ConnectError, InvalidOption, TimeoutError } from '@x/client';\nimport { mockClient } from '@x/client/testing';\nimport { Aborted, ConnectionPool } from '@x/httpcore';\n`;

// Slow where others work beside them.
vi.setConfig({ testTimeout: 120_000 });

describe('jest', () => {
  async function jest(name: string, settings: object, file: string, text: string): Promise<string> {
    await consumer.write(join(name, file), text);
    await consumer.write(join(name, 'package.json'), JSON.stringify({ private: true, jest: settings }));
    return node(
      [bin('jest/bin/jest.js'), '--rootDir', join(consumer.folder, name), '--ci', '--no-cache', '--runInBand'],
      join(consumer.folder, name),
    );
  }

  test('with its defaults: CommonJS', async () => {
    const required = `const { Client, ConnectError, InvalidOption, TimeoutError } = require('@x/client');\nconst { mockClient } = require('@x/client/testing');\nconst { Aborted, ConnectionPool } = require('@x/httpcore');\n`;
    const text = suite('jest.useFakeTimers()', 'jest.useRealTimers()').replaceAll(': unknown', '');
    expect(await jest('plain', {}, 'calls.test.js', required + text)).not.toContain('skipped');
  });

  test('with ts-jest and every timer faked before anything is loaded', async () => {
    const settings = { preset: 'ts-jest', fakeTimers: { enableGlobally: true } };
    const text = imports + suite('jest.useFakeTimers()', 'jest.useRealTimers()');
    expect(await jest('typed', settings, 'calls.test.ts', text)).not.toContain('skipped');
  });
});

describe('vitest', () => {
  test.for(['node', 'jsdom', 'happy-dom'])('in %s', async (environment) => {
    const folder = `vitest-${environment}`;
    const globals = `import { expect, test, vi } from 'vitest';\n`;
    await consumer.write(join(folder, 'calls.test.ts'), globals + imports + suite('vi.useFakeTimers()', 'vi.useRealTimers()'));
    await consumer.write(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
    const args = ['run', '--root', join(consumer.folder, folder), '--environment', environment, '--no-cache'];
    expect(await node([vitest, ...args], join(consumer.folder, folder))).toContain('6 passed');
  });
});

test('node:test and its mocked timers', async () => {
  const text = `
    import assert from 'node:assert';
    import { mock, test } from 'node:test';
    import { Client, TimeoutError } from '@x/client';
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] });
    test('a call and a timeout under a clock that stands still', async () => {
      const client = new Client();
      assert.equal((await client.get(${JSON.stringify(url)})).status, 200);
      await assert.rejects(client.get(${JSON.stringify(`${url}/silent`)}, { timeout: 50 }), TimeoutError);
      client.destroy();
    });
  `;
  expect(await node(['--test', await consumer.write('calls.test.mjs', text)], consumer.folder)).toContain('pass 1');
});

describe('what stands in for the network takes its sockets, and knows nothing of us', () => {
  test.for(['nock', 'msw'])('%s', async (name, { skip }) => {
    if (Number.parseInt(process.versions.node, 10) < 22) skip(`${name} needs Node 22 or later: pnpm test:node 24 apps/consumers`);
    await cp(join(import.meta.dirname, `../programs/${name}.mjs`), join(consumer.folder, `${name}.test.mjs`));
    expect(await node(['--test', `${name}.test.mjs`], consumer.folder, { SERVER: url })).toContain('fail 0');
  });
});

test('a process without WebAssembly is told that it has none', async () => {
  const text = `import { Client } from '@x/client';
    const error = await new Client().get(process.env.SERVER).catch((reason) => reason);
    console.log(error.name, error.message.includes('--jitless'));`;
  const program = await consumer.write('jitless.mjs', text);
  expect(await node(['--jitless', program], consumer.folder, { SERVER: url })).toBe('UnsupportedProtocol true');
});

/** One program on every runtime: what each must be able to do is in `programs/smoke.mjs`, what it talks to in `src/smoke-servers.ts`. */
describe('the same program on', () => {
  let servers: SmokeServers;
  let program: string;

  beforeAll(async () => {
    servers = await startSmokeServers();
    program = join(consumer.folder, 'smoke.mjs');
    await cp(join(import.meta.dirname, '../programs/smoke.mjs'), program);
  });

  afterAll(() => servers?.[Symbol.asyncDispose]());

  const env = (): NodeJS.ProcessEnv => ({ SERVERS: servers.addresses, DENO_NO_UPDATE_CHECK: '1' });

  test('this Node', async () => {
    expect(await run(process.execPath, [program], consumer.folder, env())).toMatch(/^all \d+ hold$/u);
  });

  /** Other versions of Node, where `pnpm runtimes` or `pnpm test:node` has put them. */
  const cache = join(import.meta.dirname, '../../../node_modules/.cache/node');
  const nodes = existsSync(cache) ? readdirSync(cache).filter((name) => existsSync(join(cache, name, 'bin/node'))) : [];

  test.for(nodes.length === 0 ? ['another'] : nodes)('Node %s', async (name, { skip }) => {
    if (nodes.length === 0) skip('no other Node is here: pnpm runtimes fetches them');
    expect(await run(join(cache, name, 'bin/node'), [program], consumer.folder, env())).toMatch(/^all \d+ hold$/u);
  });

  test('Bun', async ({ skip }) => {
    if (!isInstalled('@oven/bun-linux-x64')) skip('bun is not to be had on this platform');
    expect(await run(bin('@oven/bun-linux-x64/bin/bun'), [program], consumer.folder, env())).toMatch(/^all \d+ hold$/u);
  });

  const deno = bin('@deno/linux-x64-glibc/deno');

  test('Deno', async ({ skip }) => {
    if (!isInstalled('@deno/linux-x64-glibc')) skip('deno is not to be had on this platform');
    expect(await run(deno, ['run', '--allow-all', program], consumer.folder, env())).toMatch(/^all \d+ hold$/u);
  });

  test('Deno, where the environment may not be read', async ({ skip }) => {
    if (!isInstalled('@deno/linux-x64-glibc')) skip('deno is not to be had on this platform');
    const text = `
    import { Client } from '@x/client';
    const client = new Client();
    const { plain } = JSON.parse(Deno.args[0]);
    console.log((await client.get(plain + '/hello')).text());
    await client.close();
  `;
    const allowed = ['run', '--no-prompt', '--allow-net', `--allow-read=${consumer.folder}`];
    const restricted = await consumer.write('restricted.mjs', text);
    expect(await run(deno, [...allowed, restricted, servers.addresses], consumer.folder, env())).toBe('hello');
  });
});
