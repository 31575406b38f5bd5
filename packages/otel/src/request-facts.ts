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

// A URL in a URL in a URL: of one that goes deeper nothing is shown.
const deepest = 3;

/** Without what gives access to something: who the user is, and parameters that look like secrets, also of URLs that stand in parameters. */
export function shownUrl(parts: UrlParts): string {
  return shown(hrefOf(parts), 0);
}

function shown(url: string, depth: number): string {
  // Most have neither.
  if (!/[@=]/.test(url)) return url;
  return url
    .replace(/^((?:[a-z][a-z0-9+.-]*:)?\/\/)[^/?#]*@/i, `$1${mask}:${mask}@`)
    .replace(/([?&;#])([^=&;\s#]*)=([^&;#]*)/g, (_, separator: string, name: string, value: string) => {
      return `${separator}${name}=${isSecretParameter(decoded(name)) ? mask : shownParameter(value, depth)}`;
    });
}

function shownParameter(value: string, depth: number): string {
  if (!/[?@#]|%(?:3f|40|23)/i.test(value)) return value;
  const url = decoded(value);
  if (!/^(?:[a-z][a-z0-9+.-]*:)?\/\/|^[^?]*[?#][^=]*=/i.test(url)) return value;
  const plain = depth === deepest ? mask : shown(url, depth + 1);
  if (plain === url) return value;
  return url === value ? plain : encodeURIComponent(plain);
}

/** `%61ccess_token` is the same parameter. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
