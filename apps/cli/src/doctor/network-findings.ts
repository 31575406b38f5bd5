/** How the server was reached: names, addresses, TLS, the certificate, the protocol. */
import { formatDuration } from '@x/figures';
import type { Settings } from '../options/settings.ts';
import type { Finding } from './finding.ts';
import { eventsOf, type Event, type Look } from './look.ts';

const DAY = 86_400_000;
const SOON = 21;

export function nameFinding(seen: Look, host: string, { origins }: Settings): Finding {
  const [start] = eventsOf(seen, 'dns-start');
  const [end] = eventsOf(seen, 'dns-end');
  const said = origins.resolve ?? origins['connect-to'];
  const isSaid = end === undefined || end.detail.source === 'fixed';
  const decidedBy = (isSaid ? said : undefined) ?? origins.ipv4 ?? origins.ipv6 ?? "the system's resolver";
  if (start === undefined)
    return {
      step: 'name',
      health: 'unknown',
      found: seen.events.length === 0 ? 'nobody was asked' : `${host} was not looked up: an address, or a name that a proxy resolves`,
    };
  if (end !== undefined && end.detail.addresses.length > 0) {
    const { addresses } = end.detail;
    const families = [
      addresses.some((each) => !each.includes(':')) && 'IPv4',
      addresses.some((each) => each.includes(':')) && 'IPv6',
    ].filter((each) => each !== false);
    return {
      step: 'name',
      health: 'good',
      found: `${start.detail.host} is ${addresses.join(', ')} (${families.join(' and ')}) in ${formatDuration(end.at - start.at)}`,
      decidedBy,
    };
  }
  return {
    step: 'name',
    health: 'bad',
    found: `${start.detail.host} has no address`,
    decidedBy,
    advice:
      'Is it a name of the company network? Then a VPN, or the proxy that knows it (--proxy, https_proxy). --resolve HOST:PORT:ADDRESS does without DNS.',
  };
}

export function addressFinding(seen: Look, { origins }: Settings): Finding {
  const tried = eventsOf(seen, 'connect-start');
  const ended = eventsOf(seen, 'connect-end');
  const failed = eventsOf(seen, 'connect-failed');
  const named = (event: (typeof tried)[number] | (typeof failed)[number]): string =>
    (event.detail.address.includes(':') ? `[${event.detail.address}]` : event.detail.address) +
    (event.detail.port === undefined ? '' : `:${event.detail.port}`);
  if (tried.length === 0) return { step: 'address', health: 'unknown', found: 'none was tried' };
  const told = tried.map((start) => {
    const end = ended.find(({ detail }) => detail.address === start.detail.address);
    const failure = failed.find(({ detail }) => detail.address === start.detail.address);
    if (end !== undefined) return `${named(start)} in ${formatDuration(end.at - start.at)}`;
    return `${named(start)} ${failure === undefined ? (ended.length > 0 ? 'was slower' : 'gave no answer') : failure.detail.code}`;
  });
  const decidedBy = origins.interface ?? origins['connect-to'] ?? origins['unix-socket'];
  if (ended.length > 0)
    return {
      step: 'address',
      health: failed.length > 0 ? 'notice' : 'good',
      found: `connected: ${told.join('; ')}`,
      decidedBy,
      advice: failed.length > 0 ? 'Some addresses of the name do not work; each start may lose time with them.' : undefined,
    };
  const isRefused = failed.some(({ detail }) => detail.code === 'ECONNREFUSED');
  return {
    step: 'address',
    health: 'bad',
    found: told.join('; '),
    decidedBy,
    advice: isRefused
      ? 'The machine is there, and nobody listens at that port.'
      : 'A firewall, or a network from which there is no way: does it need a proxy?',
  };
}

export function tlsFinding(seen: Look, isSecure: boolean, { values, origins }: Settings, trust: string): Finding {
  if (!isSecure) return { step: 'TLS', health: 'notice', found: 'none: everybody on the way can read along', decidedBy: 'http in the URL' };
  const connection = connectionOf(seen);
  if (connection !== undefined) {
    const { tlsVersion = 'TLS', tlsCipher = '' } = connection.detail.connection;
    if (values.insecure === true)
      return { step: 'TLS', health: 'bad', found: `${tlsVersion}, ${tlsCipher}, and anybody is trusted`, decidedBy: origins.insecure };
    return { step: 'TLS', health: 'good', found: `${tlsVersion}, ${tlsCipher}, trusted`, decidedBy: trust };
  }
  if (eventsOf(seen, 'tls-start').length === 0) return { step: 'TLS', health: 'unknown', found: 'it did not come to that' };
  return { step: 'TLS', health: 'bad', found: `failed: ${messageOf(seen.error)}`, decidedBy: trust };
}

/** @param insecure Seen without asking for trust, where trust was what failed. */
export function certificateFinding(seen: Look, insecure: Look | undefined, now: number): Finding | undefined {
  const connection = connectionOf(seen) ?? (insecure === undefined ? undefined : connectionOf(insecure));
  const facts = connection?.detail.connection.peerCertificate;
  if (facts === undefined) return undefined;
  const days = Math.floor((Date.parse(facts.validTo) - now) / DAY);
  const names =
    facts.altNames.length > 4
      ? `${facts.altNames.slice(0, 4).join(', ')} and ${facts.altNames.length - 4} more`
      : facts.altNames.join(', ');
  const lasts = days < 0 ? `expired ${-days} days ago` : `${days} days left`;
  const found = `${names === '' ? facts.subject : names}; by ${facts.issuer === '' ? 'nobody' : facts.issuer}; ${lasts} (${facts.validTo.slice(0, 10)}); a chain of ${facts.chainLength}`;
  const isOwn = facts.subject === facts.issuer && facts.chainLength === 1;
  const advice =
    days < 0
      ? 'It has expired: the server needs a new one.'
      : insecure !== undefined && isOwn
        ? 'It signed itself. If it is yours, --cacert FILE (or NODE_EXTRA_CA_CERTS) trusts it.'
        : insecure !== undefined
          ? 'Its authority is not known here. In a company network it may be that of a proxy that looks inside: ask for its certificate, and give it as --cacert FILE or NODE_EXTRA_CA_CERTS.'
          : days < SOON
            ? 'It expires soon.'
            : undefined;
  return { step: 'certificate', health: insecure !== undefined || days < 0 ? 'bad' : days < SOON ? 'notice' : 'good', found, advice };
}

export function protocolFinding(seen: Look, isSecure: boolean, { values, origins }: Settings): Finding {
  const { response } = seen;
  if (response === undefined) return { step: 'HTTP', health: 'unknown', found: 'no answer came' };
  const alpn = eventsOf(seen, 'tls-end').at(-1)?.detail.alpnProtocol;
  const how = isSecure ? `TLS agreed on ${alpn ?? 'nothing'} (ALPN)` : 'without TLS, nothing else is offered';
  const decidedBy = values.http === undefined ? how : `${origins.http ?? '--http'} ${values.http}; ${how}`;
  return { step: 'HTTP', health: 'good', found: `HTTP/${response.httpVersion}`, decidedBy };
}

/** The first connection: that of the URL itself, and not of what a redirect led to. */
export function connectionOf(seen: Look): Extract<Event, { readonly name: 'assigned' }> | undefined {
  return eventsOf(seen, 'assigned')[0];
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
