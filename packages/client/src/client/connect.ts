/** Connections without HTTP on them, the way that a request would take. */
import { parseUrl } from '../request/url/url.ts';
import { ClientError, InvalidOption } from '../errors.ts';
import { connectOf } from '../routing/connect-of.ts';
import type { ProxySettings } from '../proxies/proxy-settings.ts';
import type { FindRoute } from '../routing/routes.ts';
import type { ConnectedStream, ConnectOptions } from '@x/httpcore';

/** @throws {ClientError} `NO_CONNECTIONS`: who carries requests there has no connections to give. */
export async function connectOn(
  route: FindRoute,
  proxies: ProxySettings,
  origin: string,
  { signal, servername }: Pick<ConnectOptions, 'signal' | 'servername'>,
): Promise<ConnectedStream> {
  const url = parseUrl(origin);
  if (url === undefined) throw new InvalidOption('origin', 'must be a URL, such as https://example.com');
  const { protocol, hostname, port } = url;
  const { dispatcher, proxy } = route([protocol.slice(0, -1), hostname, port === '' ? null : Number(port), '/'], proxies);
  const connect = connectOf(dispatcher);
  if (connect === undefined) {
    throw new ClientError(`What carries requests to ${url.origin} has no connections to give: it is no ConnectionPool`, {
      code: 'NO_CONNECTIONS',
    });
  }
  return connect(origin, { signal, servername, ...(proxy === undefined ? {} : { proxy }) });
}
