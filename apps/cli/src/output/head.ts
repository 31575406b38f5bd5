/** Heads of requests and responses. What is secret is masked, unless it is asked for. */
import { Headers, type AnyResponse, type HeaderPair, type Request } from '@x/client';
import type { Palette } from './palette.ts';
import { oneLine } from './printable.ts';

export function requestHead(request: Request, httpVersion: string, showsSecrets: boolean, palette: Palette): string {
  const shown = request.toJSON() as { readonly url: string };
  const url = new URL(showsSecrets ? request.url : shown.url);
  const version = httpVersion === '' ? '' : ` HTTP/${httpVersion}`;
  const host = request.rawHeaders.some(([name]) => name.toLowerCase() === 'host') ? [] : [['Host', url.host] as const];
  const line = `${palette.strong(request.method)} ${oneLine(url.pathname + url.search)}${palette.faint(version)}`;
  return [line, ...fieldLines([...host, ...request.rawHeaders], showsSecrets, palette)].join('\n');
}

export function responseHead(response: AnyResponse, showsSecrets: boolean, palette: Palette): string {
  const { status, reason, httpVersion, rawHeaders } = response;
  const paint = status >= 400 ? palette.bad : status >= 300 ? palette.notice : palette.good;
  const words = reason === '' ? String(status) : `${status} ${oneLine(reason)}`;
  return [`${palette.faint(`HTTP/${httpVersion}`)} ${palette.strong(paint(words))}`, ...fieldLines(rawHeaders, showsSecrets, palette)].join(
    '\n',
  );
}

export function fieldLines(pairs: readonly HeaderPair[], showsSecrets: boolean, palette: Palette): string[] {
  return pairs.map(([name, value]) => `${palette.name(oneLine(name))}: ${oneLine(showsSecrets ? value : maskedField(name, value))}`);
}

/** As the client itself shows it. */
export function maskedField(name: string, value: string): string {
  const shown = new Headers([[name, value]]).toJSON()[name.toLowerCase()];
  return Array.isArray(shown) ? shown.join(', ') : (shown ?? '');
}
