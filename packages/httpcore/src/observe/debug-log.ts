/**
 * What happens, in words, on stderr: `NODE_DEBUG=xhttp` tells the steps of requests and connections, `NODE_DEBUG=xhttp:wire` the heads, with what
 * looks like a secret masked, and the sizes of bodies. What is off costs nothing: no request gets an observer for it.
 */
import { debuglog } from 'node:util';

import type { HttpCoreError } from '../contract/errors.ts';
import type { ConnectionEvents, ConnectionInfo, ConnectionObserver, TraceEventName, TraceEvents } from '../contract/trace.ts';
import type { HeaderPair } from '../contract/values.ts';
import { shownTarget, shownValue } from '../model/secrets.ts';
import type { MessageWatcher, WatchedRequest } from './message-watcher.ts';

const steps = debuglog('xhttp');
const wire = debuglog('xhttp:wire');
// What the environment says does not change, and asking costs a little each time.
const tellsSteps = steps.enabled;
const isOn = tellsSteps || wire.enabled;

/** The log of one exchange; `null` unless the environment asks for it. */
export function logOf(request: WatchedRequest): MessageWatcher | null {
  return isOn ? new ExchangeLog(request) : null;
}

/** The log of the connections of a pool; `null` unless the environment asks for it. */
export function connectionLog(): ConnectionObserver | null {
  return tellsSteps ? logConnection : null;
}

type Words = { readonly [Name in TraceEventName]?: (detail: TraceEvents[Name]) => string };

/** Of the steps that are the same for every exchange. */
const words: Words = {
  'dns-start': ({ host }) => `looks up ${host}`,
  'dns-end': ({ addresses, source }) => `found ${addresses.join(', ')}${source === 'lookup' ? '' : ` (${source})`}`,
  'connect-start': ({ address, port }) => `connects to ${endpoint(address, port)}`,
  'connect-failed': ({ address, port, code }) => `could not connect to ${endpoint(address, port)}: ${code}`,
  'proxy-start': ({ proxy }) => `asks ${proxy} for a way`,
  'proxy-end': ({ proxy }) => `has a way through ${proxy}`,
  'tls-end': ({ version, alpnProtocol, resumed }) => `has ${version}, ${alpnProtocol ?? 'no ALPN'}${resumed ? ', resumed' : ''}`,
  assigned: ({ connection, reused, streamId }) =>
    `takes connection ${connection.id}${reused ? ', reused' : ''} (${shownConnection(connection)})${streamId === undefined ? '' : `, stream ${streamId}`}`,
  'body-sent': ({ bytes }) => `has sent a body of ${bytes} bytes`,
  informational: ({ status }) => `is told ${status}`,
  replayed: ({ error }) => `is sent again: ${shownError(error)}`,
};

class ExchangeLog implements MessageWatcher {
  readonly #request: WatchedRequest;
  readonly #name: string;
  #startedAt = 0;

  constructor(request: WatchedRequest) {
    this.#request = request;
    this.#name = `#${request.order}`;
  }

  readonly trace = <Name extends TraceEventName>(name: Name, at: number, detail: TraceEvents[Name]): void => {
    if (name === 'queued') this.#begin(at);
    else if (name === 'head-sent') this.#sent();
    else if (name === 'head-received') this.#answered((detail as TraceEvents['head-received']).status, at);
    else if (name === 'body-end') this.#ended((detail as TraceEvents['body-end']).bytes, at);
    else if (name === 'failed')
      steps(`${this.#name} failed after ${this.#took(at)}: ${shownError((detail as TraceEvents['failed']).error)}`);
    else {
      const say = words[name];
      if (say !== undefined) steps(`${this.#name} ${say(detail)}`);
      if (name === 'body-sent') wire(`${this.#name} > ${(detail as TraceEvents['body-sent']).bytes} bytes`);
    }
  };

  onHead(status: number, reason: string, headers: readonly HeaderPair[]): void {
    wire(`${this.#name} < ${status}${reason === '' ? '' : ` ${reason}`}`);
    this.#fields('<', headers);
  }

  onEnd(trailers: readonly HeaderPair[]): void {
    this.#fields('<', trailers);
  }

  #begin(at: number): void {
    const { method, origin, target } = this.#request;
    this.#startedAt = at;
    steps(`${this.#name} ${method} ${target.startsWith('/') ? origin.text : ''}${shownTarget(target)}`);
  }

  #sent(): void {
    const { method, target, headers, origin } = this.#request;
    wire(`${this.#name} > ${method} ${shownTarget(target)} (${origin.authority})`);
    this.#fields('>', headers);
  }

  #answered(status: number, at: number): void {
    steps(`${this.#name} is answered ${status} after ${this.#took(at)}`);
  }

  #ended(bytes: number, at: number): void {
    steps(`${this.#name} ended with ${bytes} bytes after ${this.#took(at)}`);
    wire(`${this.#name} < ${bytes} bytes`);
  }

  #fields(direction: '<' | '>', fields: readonly HeaderPair[]): void {
    if (!wire.enabled) return;
    for (const [name, value] of fields) wire(`${this.#name} ${direction} ${name}: ${shownValue(name, value)}`);
  }

  #took(at: number): string {
    return `${(at - this.#startedAt).toFixed(1)} ms`;
  }
}

const logConnection: ConnectionObserver = (name, _at, detail) => {
  const to = detail.origin;
  switch (name) {
    case 'connecting':
      steps(`connecting to ${to}${throughProxy((detail as ConnectionEvents['connecting']).proxy)}`);
      break;
    case 'connect-failed': {
      const { proxy, error } = detail as ConnectionEvents['connect-failed'];
      steps(`no connection to ${to}${throughProxy(proxy)}: ${shownError(error)}`);
      break;
    }
    case 'opened': {
      const { connection } = detail as ConnectionEvents['opened'];
      steps(`connection ${connection.id} to ${to} is open (${shownConnection(connection)})`);
      break;
    }
    case 'closed': {
      const { connection, error } = detail as ConnectionEvents['closed'];
      steps(`connection ${connection.id} to ${to} has ended${error === undefined ? '' : `: ${shownError(error)}`}`);
      break;
    }
    default:
  }
};

function throughProxy(proxy: string | undefined): string {
  return proxy === undefined ? '' : ` through ${proxy}`;
}

function endpoint(address: string, port: number | undefined): string {
  return port === undefined ? address : `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function shownConnection({ protocol, remoteAddress, remotePort, proxy }: ConnectionInfo): string {
  return `${protocol}, ${remoteAddress === undefined ? 'no address' : endpoint(remoteAddress, remotePort)}${throughProxy(proxy)}`;
}

function shownError({ name, code, message }: HttpCoreError): string {
  return `${name} (${code}), ${message}`;
}
