import { Client, type StreamResponse } from '@x/client';
import { install } from '@x/interop/undici';
import type { Job, Stage } from '../job.ts';
import { showAttempts } from '../show-attempts.ts';

export const carriedFetch: Job = { name: 'fetch', title: 'Global fetch, carried by a client that it has never heard of', run };

async function run({ secure, report }: Stage): Promise<void> {
  const carried: StreamResponse[] = [];
  await using client = new Client({
    tls: { ca: secure.ca },
    headers: { 'x-team': 'demo' },
    interceptors: [
      async (request, _, next) => {
        const response = await next(request);
        carried.push(response);
        return response;
      },
    ],
  });

  const body = await (async () => {
    using _off = install(client);
    // What an SDK does that only calls fetch. The client knows the authority of this server; fetch by itself does not.
    const response = await fetch(secure.url('/echo'), { method: 'POST', body: 'hello' });
    return await response.text();
  })();

  for (const { attempts } of carried) showAttempts(attempts, report);
  report.checkEqual('one call went over the client', carried.length, 1);
  report.check('with the field that the client adds', body.includes('"x-team","demo"'), body);
  report.check('and its TLS handshake was timed', carried[0]?.timings.tls !== undefined, carried[0]?.timings);
  const failure = await fetch(secure.url('/')).catch((error: TypeError) => error);
  report.check('once it is taken back, fetch is by itself again', failure instanceof TypeError, failure);
}
