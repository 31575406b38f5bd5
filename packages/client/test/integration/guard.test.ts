import { AddressRefused, Client } from '@x/client';
import { publicOnly } from '@x/httpcore/guard';
import { startServer } from '@x/testbed';
import { expect, it } from 'vitest';

const lookup = ((host: string, _options: unknown, done: (error: null, found: unknown) => void) =>
  setImmediate(done, null, [{ address: host === 'inside.example' ? '10.0.0.1' : '127.0.0.1', family: 4 }])) as never;

it('a guarded client follows no redirect into the network of its own, retries nothing that is refused, and says no address', async () => {
  await using server = await startServer((request, response) => {
    const to = new URL(request.url!, 'http://a.example').searchParams.get('to');
    if (to === null) response.end('ok');
    else response.writeHead(302, { location: to }).end();
  }, {});
  const tries: number[] = [];
  await using client = new Client({
    guard: publicOnly({ allow: [`127.0.0.1:${server.port}`] }),
    lookup,
    retries: 3,
    onRetry: () => void tries.push(1),
  });
  const outside = `http://outside.example:${server.port}/`;
  expect((await client.get(outside)).text()).toBe('ok');
  for (const to of [
    'http://inside.example/',
    'http://169.254.169.254/latest/meta-data/',
    'http://127.1:1/',
    'http://0x7f000001:1/',
    'http://[::1]/',
    'http://[::ffff:a00:1]/',
  ]) {
    const error = await client.get(outside, { params: { to } }).catch((thrown: unknown) => thrown);
    expect(error, to).toBeInstanceOf(AddressRefused);
    const { message, rule } = error as AddressRefused;
    expect(rule).toMatch(/RFC/);
    expect(message).not.toMatch(/10\.0\.0\.1/);
    await expect(client.fetch(`${outside}?to=${encodeURIComponent(to)}`)).rejects.toMatchObject({
      name: 'TypeError',
      cause: { code: 'ADDRESS_REFUSED' },
    });
    await expect(client.stream('GET', outside, { params: { to } })).rejects.toThrow(AddressRefused);
  }
  expect(tries).toEqual([]);
  expect((await client.get(outside)).text()).toBe('ok');
});

it('the guard is an option of clients, and one of a dispatcher for those who bring one', () => {
  expect(() => new Client({ guard: {} as never })).toThrow(/The option "guard" must have a method check\(\)/);
  expect(() => new Client({ guard: null })).not.toThrow();
});
