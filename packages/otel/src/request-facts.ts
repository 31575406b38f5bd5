/** From a request to the attributes that say what it is. Pure. */
import type { Attributes } from '@opentelemetry/api';
import { isSecretParameter, type UrlParts } from '@x/httpcore';

import { attribute } from './conventions.ts';

const other = '_OTHER';
const mask = 'REDACTED';

/** Of the metrics of a request, and of its span: few values each. */
export interface RequestFacts {
  /** The span's name. */
  readonly name: string;
  readonly common: Attributes;
  readonly span: Attributes;
}

/** @param shown the URL without its secrets */
export function requestFacts(
  method: string,
  url: UrlParts,
  shown: string,
  template: string | undefined,
  knownMethods: ReadonlySet<string>,
): RequestFacts {
  const [scheme, host, port] = url;
  const isKnown = knownMethods.has(method);
  const common: Attributes = {
    [attribute.method]: isKnown ? method : other,
    [attribute.serverAddress]: bareHost(host),
    [attribute.serverPort]: port ?? (scheme === 'https' ? 443 : 80),
    [attribute.scheme]: scheme,
  };
  if (template !== undefined) common[attribute.urlTemplate] = template;
  const span: Attributes = { ...common, [attribute.url]: shown };
  if (!isKnown) span[attribute.originalMethod] = method;
  const verb = isKnown ? method : 'HTTP';
  return { name: template === undefined ? verb : `${verb} ${template}`, common, span };
}

/** `[::1]` is written so only in URLs. */
function bareHost(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

function hrefOf([scheme, host, port, target]: UrlParts): string {
  // The absolute form, and that of CONNECT.
  if (!target.startsWith('/')) return target === '*' ? `${scheme}://${host}${port === null ? '' : `:${port}`}` : target;
  return `${scheme}://${host}${port === null ? '' : `:${port}`}${target}`;
}

/** `origin` as the core's statistics have it: `scheme://host:port`. */
export function originAttributes(origin: string): Attributes {
  const { protocol, hostname, port } = new URL(origin);
  return {
    [attribute.serverAddress]: bareHost(hostname),
    [attribute.serverPort]: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    [attribute.scheme]: protocol.slice(0, -1),
  };
}

/** Without what gives access to something: who the user is, and parameters that look like secrets. */
export function shownUrl(parts: UrlParts): string {
  const url = hrefOf(parts);
  // Most have neither.
  if (!/[@=]/.test(url)) return url;
  return url
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${mask}:${mask}@`)
    .replace(/([?&;#])([^=&;\s#]*)=([^&;#]*)/g, (whole, separator: string, name: string) =>
      isSecretParameter(decoded(name)) ? `${separator}${name}=${mask}` : whole,
    );
}

/** `%61ccess_token` is the same parameter. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
