/** `curl -w`: the variables that scripts ask for. */
import type { AnyResponse, Timings } from '@x/client';

const seconds = (milliseconds: number | undefined): string => ((milliseconds ?? 0) / 1_000).toFixed(6);

/** curl counts each moment from the start. */
function until(timings: Timings, last: 'dns' | 'connect' | 'tls' | 'sent' | 'firstByte'): number {
  const steps = ['queued', 'dns', 'connect', 'proxy', 'tls', 'sent', 'firstByte'] as const;
  return steps.slice(0, steps.indexOf(last) + 1).reduce((sum, step) => sum + (timings[step] ?? 0), 0);
}

const variables: Readonly<Record<string, (response: AnyResponse, received: number) => string>> = {
  http_code: ({ status }) => String(status).padStart(3, '0'),
  response_code: ({ status }) => String(status).padStart(3, '0'),
  http_version: ({ httpVersion }) => httpVersion.replace(/\.0$/u, ''),
  method: ({ request }) => request.method,
  url: ({ history, url }) => history[0]?.url ?? url,
  url_effective: ({ url }) => url,
  redirect_url: ({ nextRequest }) => nextRequest?.url ?? '',
  num_redirects: ({ history }) => String(history.length),
  num_connects: ({ attempts }) => String(attempts.filter(({ timings }) => timings.reused === false).length),
  content_type: ({ headers }) => headers.get('content-type') ?? '',
  size_download: (_, received) => String(received),
  size_header: ({ rawHeaders }) => String(rawHeaders.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0)),
  speed_download: ({ timings }, received) => String(Math.round(received / Math.max(timings.total / 1_000, 1e-6))),
  remote_ip: ({ timings }) => timings.remoteAddress ?? '',
  time_namelookup: ({ timings }) => seconds(until(timings, 'dns')),
  time_connect: ({ timings }) => seconds(until(timings, 'connect')),
  time_appconnect: ({ timings }) => seconds(timings.tls === undefined ? 0 : until(timings, 'tls')),
  time_pretransfer: ({ timings }) => seconds(until(timings, 'tls')),
  time_starttransfer: ({ timings }) => seconds(until(timings, 'firstByte')),
  time_total: ({ timings }) => seconds(timings.total),
  time_redirect: ({ history }) => seconds(history.reduce((sum, { timings }) => sum + timings.total, 0)),
  errormsg: () => '',
  exitcode: () => '0',
};

/** What is not known stays as it was written, so that it is seen. */
export function writeOut(format: string, response: AnyResponse, received: number): string {
  return format.replace(/%\{(header_)?(\w+)\}|%%|\\([ntr\\])/gu, (whole, _, name: string | undefined, escape: string | undefined) => {
    if (escape !== undefined) return { n: '\n', t: '\t', r: '\r', '\\': '\\' }[escape] ?? whole;
    if (name === undefined) return '%';
    return Object.hasOwn(variables, name) ? (variables[name]?.(response, received) ?? whole) : whole;
  });
}
