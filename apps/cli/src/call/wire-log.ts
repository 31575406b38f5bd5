/** What happens on the wire, as it happens, on standard error: `*` what is done, `>` what is sent, `<` what comes. */
import type { Interceptor, TraceEvents, TraceObserver } from '@x/client';
import { formatBytes, formatDuration } from '@x/figures';
import { requestHead, responseHead } from '../output/head.ts';
import { oneLine } from '../output/printable.ts';
import type { Screen } from '../output/screen.ts';

export class WireLog {
  readonly #screen: Screen;
  #began: number | undefined;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  readonly trace: TraceObserver = (name, at, detail) => {
    this.#began ??= at;
    const told = tell({ name, detail } as TraceEvent);
    if (told === undefined) return;
    const { palette } = this.#screen.notes;
    this.#screen.note(`${palette.faint('*')} ${palette.faint(formatDuration(at - this.#began).padStart(9))}  ${oneLine(told)}`);
  };

  /** Of each request that goes to the network. */
  readonly interceptor: Interceptor = async (request, _, next) => {
    const { notes, showsSecrets, note } = this.#screen;
    note(marked('>', requestHead(request, '', showsSecrets, notes.palette), this.#screen));
    const response = await next(request);
    note(marked('<', responseHead(response, showsSecrets, notes.palette), this.#screen));
    return response;
  };
}

function marked(mark: string, text: string, { notes }: Screen): string {
  return `${text.replace(/^/gmu, `${notes.palette.faint(mark)} `)}\n${notes.palette.faint(mark)}`;
}

type TraceEvent = { [Name in keyof TraceEvents]: { readonly name: Name; readonly detail: TraceEvents[Name] } }[keyof TraceEvents];

/** `undefined`: not worth a line. */
function tell(event: TraceEvent): string | undefined {
  switch (event.name) {
    case 'dns-start':
      return `looking up ${event.detail.host}`;
    case 'dns-end':
      return `found ${event.detail.addresses.join(', ')}`;
    case 'connect-start':
      return `connecting to ${endpoint(event.detail)}`;
    case 'connect-end':
      return `connected to ${endpoint(event.detail)}`;
    case 'connect-failed':
      return `no connection to ${endpoint(event.detail)}: ${event.detail.code}`;
    case 'proxy-start':
      return `asking the proxy ${event.detail.proxy} for a way`;
    case 'proxy-end':
      return 'the way through the proxy stands';
    case 'tls-start':
      return `TLS, for ${event.detail.servername ?? 'an address'}`;
    case 'tls-end':
      return `${event.detail.version}${event.detail.resumed ? ', resumed' : ''}, ${event.detail.alpnProtocol ?? 'no protocol'} agreed`;
    case 'assigned': {
      const { connection, reused } = event.detail;
      const speaks = connection.protocol === 'h2' ? 'HTTP/2' : 'HTTP/1.1';
      return `${reused ? 'going on with' : 'using'} connection ${connection.id} (${speaks}${connection.tlsCipher === undefined ? '' : `, ${connection.tlsCipher}`})`;
    }
    case 'body-sent':
      return event.detail.bytes === 0 ? undefined : `sent a body of ${formatBytes(event.detail.bytes)}`;
    case 'informational':
      return `informational ${event.detail.status}`;
    case 'body-end':
      return `received a body of ${formatBytes(event.detail.bytes)}`;
    case 'replayed':
      return `sent again: ${event.detail.error.message}`;
    case 'failed':
      return `failed: ${event.detail.error.message}`;
    case 'queued':
    case 'head-sent':
    case 'first-byte':
    case 'head-received':
      return undefined;
  }
}

function endpoint({ address, port }: { readonly address: string; readonly port: number | undefined }): string {
  if (port === undefined) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
