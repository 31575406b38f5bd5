/** A request that is shown and not sent: --offline as it would stand on the wire, --curl as a command. */
import { requestHead } from '../output/head.ts';
import { openScreen } from '../output/screen.ts';
import type { Io } from '../io.ts';
import type { OptionValues } from '../options/table.ts';
import type { RequestPlan } from '../plan/plan.ts';
import { openSession } from '../sessions/session.ts';
import { openClient } from './opened-client.ts';
import { requestOptions } from './request-options.ts';

export async function showRequests(plan: RequestPlan, options: OptionValues, io: Io): Promise<number> {
  const screen = openScreen(io, options);
  const opened = await openClient(plan, options, await openSession(options, io), io);
  try {
    for (const url of opened.urls) {
      const request = await signed(opened, url, options, io);
      if (options.curl === true) {
        const { toCurl } = await import('@x/client/testing');
        await screen.print(`${[toCurl(request, { reveal: screen.showsSecrets }), ...curlOptions(options)].join(' \\\n  ')}\n`);
      } else
        await screen.print(
          `${requestHead(request, '1.1', screen.showsSecrets, screen.palette)}\n\n${plan.body.kind === 'content' ? `${String(plan.body.content)}\n` : ''}`,
        );
    }
    return 0;
  } finally {
    await opened.client.destroy();
  }
}

type Built = ReturnType<Awaited<ReturnType<typeof openClient>>['client']['buildRequest']>;

/** With what the client would add on the way: cookies and credentials. It goes as far as the network, and comes back from there. */
async function signed(
  { client, plan }: Awaited<ReturnType<typeof openClient>>,
  url: string,
  options: OptionValues,
  io: Io,
): Promise<Built> {
  const { StreamResponse } = await import('@x/client');
  let seen: Built | undefined;
  const dry = client.extend({
    retries: 0,
    followRedirects: false,
    networkInterceptors: [
      (request) => {
        seen ??= request;
        return StreamResponse.of(request, { status: 204 });
      },
    ],
  });
  const message = await requestOptions(plan, options, io);
  const request = client.buildRequest(plan.method, url, message);
  await (await dry.stream(request)).close();
  return seen ?? request;
}

/** What is not of the message, and what curl has a word for. */
function curlOptions(options: OptionValues): string[] {
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  const masked = (url: string): string => (options['show-secrets'] === true ? url : url.replace(/\/\/[^/@]*@/u, '//[redacted]@'));
  return [
    ...(options.follow === true ? ['--location'] : []),
    ...(options.insecure === true ? ['--insecure'] : []),
    ...(typeof options.proxy === 'string'
      ? [`--proxy ${quoted(masked(options.proxy))}`]
      : options.proxy === false
        ? ["--noproxy '*'"]
        : []),
    ...(options.cacert === undefined ? [] : [`--cacert ${quoted(options.cacert)}`]),
    ...(options.cert === undefined ? [] : [`--cert ${quoted(options.cert)}`]),
    ...(options.key === undefined ? [] : [`--key ${quoted(options.key)}`]),
    ...(options.http === undefined ? [] : [{ '1.1': '--http1.1', '2': '--http2', '2-prior': '--http2-prior-knowledge' }[options.http]]),
    ...(options.resolve ?? []).map((each) => `--resolve ${quoted(each)}`),
    ...(options['connect-to'] ?? []).map((each) => `--connect-to ${quoted(each)}`),
    ...(options.timeout === undefined || options.timeout === 0 ? [] : [`--max-time ${options.timeout / 1000}`]),
    ...(options['connect-timeout'] === undefined ? [] : [`--connect-timeout ${options['connect-timeout'] / 1000}`]),
    ...(options['unix-socket'] === undefined ? [] : [`--unix-socket ${quoted(options['unix-socket'])}`]),
  ];
}
