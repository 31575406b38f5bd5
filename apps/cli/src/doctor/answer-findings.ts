/** What came back: the status and redirects, what a cache makes of it, and whether the connection may be used again. */
import { formatDuration } from '@x/figures';
import type { Settings } from '../options/settings.ts';
import type { Finding } from './finding.ts';
import { connectionOf, messageOf } from './network-findings.ts';
import type { Look } from './look.ts';

export function answerFinding({ response, error }: Look): Finding {
  if (response === undefined) return { step: 'answer', health: 'bad', found: messageOf(error) };
  const { status, reason, timings } = response;
  const found = `${status} ${reason} after ${formatDuration(timings.total)}`.replace(/ {2,}/gu, ' ');
  if (error !== undefined) return { step: 'answer', health: 'bad', found: `${found}, then ${messageOf(error)}` };
  const advice =
    status === 407
      ? 'The proxy wants credentials: user:password in the URL of --proxy or of the variable.'
      : status === 401
        ? 'The server wants credentials: --auth USER:PASSWORD.'
        : status >= 500
          ? 'The server, or what stands before it, has a problem of its own.'
          : undefined;
  return { step: 'answer', health: status >= 500 ? 'bad' : status >= 400 ? 'notice' : 'good', found, advice };
}

export function redirectFindings({ response }: Look, { origins, values }: Settings): Finding[] {
  if (response === undefined) return [];
  const hops = response.history.map(({ status, url }): Finding => ({
    step: 'redirect',
    health: 'good',
    found: `${status} from ${shownUrl(url)}`,
    decidedBy: origins.follow ?? 'followed by the doctor',
  }));
  if (response.history.length > 0) hops.push({ step: 'redirect', health: 'good', found: `in the end ${shownUrl(response.url)}` });
  const isLeft = response.history.length === 0 && response.nextRequest !== undefined;
  if (isLeft)
    hops.push({
      step: 'redirect',
      health: 'notice',
      found: `it leads to ${shownUrl(response.nextRequest?.url ?? '')}`,
      decidedBy: origins.follow ?? `--follow ${String(values.follow === true)}`,
    });
  return hops;
}

/** @param again The same URL, once it could be in a cache. */
export function cacheFinding(first: Look, again: Look | undefined): Finding {
  const stored = first.response?.cache;
  if (stored === undefined) return { step: 'cache', health: 'unknown', found: 'no answer that could be kept' };
  if (!first.isWhole) return { step: 'cache', health: 'unknown', found: 'the body does not end soon: not looked at' };
  if (!stored.stored) return { step: 'cache', health: 'good', found: `not kept: ${stored.reason}`, decidedBy: cacheField(first) };
  const outcome = again?.response?.cache;
  const verdict =
    outcome?.state === 'hit' ? 'answered from a cache' : outcome?.state === 'revalidated' ? 'kept, and asked about each time' : 'kept';
  return { step: 'cache', health: 'good', found: `${verdict}: ${outcome?.reason ?? stored.reason}`, decidedBy: cacheField(first) };
}

function cacheField({ response }: Look): string {
  const field = response?.headers.get('cache-control');
  return field === null || field === undefined ? 'no Cache-Control' : `Cache-Control: ${field}`;
}

/** @param second To the network again, at once. */
export function keepAliveFinding(first: Look, second: Look | undefined): Finding {
  if (!first.isWhole || second?.response === undefined)
    return { step: 'keep-alive', health: 'unknown', found: 'no second request was sent' };
  const last = second.response.history.at(0) ?? second.response;
  const said = first.response?.headers.get('keep-alive') ?? first.response?.headers.get('connection');
  const decidedBy = said === null || said === undefined ? undefined : `the server says ${said}`;
  if (last.timings.reused === true)
    return {
      step: 'keep-alive',
      health: 'good',
      found: `a second request went over the same connection, in ${formatDuration(last.timings.total)}`,
      decidedBy,
    };
  return {
    step: 'keep-alive',
    health: 'notice',
    found: 'a second request needed a connection of its own',
    decidedBy,
    advice: 'Each request pays for connecting and TLS again: does the server, or a balancer, close after each?',
  };
}

export function proxyFinding(seen: Look, stated: { readonly proxy: string | undefined; readonly decidedBy: string }): Finding {
  const used = connectionOf(seen)?.detail.connection.proxy;
  const shown = used ?? stated.proxy;
  if (shown === undefined) return { step: 'proxy', health: 'good', found: 'none, directly', decidedBy: stated.decidedBy };
  const isReached = used !== undefined;
  return {
    step: 'proxy',
    health: isReached ? 'good' : seen.error === undefined ? 'good' : 'notice',
    found: isReached ? `${shown}, reached` : shown,
    decidedBy: stated.decidedBy,
  };
}

function shownUrl(url: string): string {
  return url.replace(/\/\/[^/@]*@/u, '//').replace(/\?.*$/su, '?…');
}
