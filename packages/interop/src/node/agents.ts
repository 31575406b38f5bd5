import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { checkServerIdentity } from 'node:tls';
import { toSystemError } from '../carrier/system-error.ts';
import { ConnectingSocket } from './connecting-socket.ts';

/** What a connection is asked of: a `Client` of `@x/client`, or a `ConnectionPool` of `@x/httpcore`. */
export interface ConnectorLike {
  connect(origin: string, options?: { readonly signal?: AbortSignal; readonly servername?: string }): Promise<Duplex>;
}

/** Those of `http.Agent` that speak of the agent, and not of its connections. `keepAlive` is true unless it is said not to be. */
export type NodeAgentOptions = Pick<
  AgentOptions,
  'keepAlive' | 'keepAliveMsecs' | 'maxSockets' | 'maxTotalSockets' | 'maxFreeSockets' | 'scheduling' | 'timeout'
>;

/** Agents for `node:http` and `node:https`, over the connections of one client. */
export interface NodeAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/**
 * A pair of agents for `node:http` and `node:https`, whose sockets are connections of a client or pool: through its proxies, racing
 * addresses, with its TLS options and its guard. For SDKs that are built on these modules and take an agent. What is spoken on the
 * sockets is Node's HTTP/1.1; the agents keep them, not the pool.
 *
 * @throws {TypeError} `connector` has no `connect()`.
 * @example
 * const agents = nodeAgents(client);
 * https.get('https://example.com/', { agent: agents.https });
 * const stripe = new Stripe(key, { httpAgent: agents.https });
 * const s3 = new S3Client({ requestHandler: { httpAgent: agents.http, httpsAgent: agents.https } });
 */
export function nodeAgents(connector: ConnectorLike, options: NodeAgentOptions = {}): NodeAgents {
  if (typeof (connector as Partial<ConnectorLike> | undefined)?.connect !== 'function') {
    throw new TypeError('A Client of @x/client or a ConnectionPool of @x/httpcore is needed: an object with connect()');
  }
  const own: NodeAgentOptions = { keepAlive: true, ...options };
  return { http: new ConnectedHttpAgent(connector, own), https: new ConnectedHttpsAgent(connector, own) };
}

class ConnectedHttpAgent extends HttpAgent {
  readonly #connector: ConnectorLike;

  constructor(connector: ConnectorLike, options: NodeAgentOptions) {
    super(options);
    this.#connector = connector;
  }

  override createConnection(options: ClientRequestArgs): Duplex {
    return connect(this.#connector, 'http', options);
  }
}

class ConnectedHttpsAgent extends HttpsAgent {
  readonly #connector: ConnectorLike;

  constructor(connector: ConnectorLike, options: NodeAgentOptions) {
    super(options);
    this.#connector = connector;
  }

  override createConnection(options: ClientRequestArgs): Duplex {
    return connect(this.#connector, 'https', options);
  }
}

function connect(connector: ConnectorLike, scheme: 'http' | 'https', options: ClientRequestArgs): Duplex {
  const { port, timeout } = options;
  const host = options.host ?? 'localhost';
  const servername = servernameOf(options, host);
  const told = scheme === 'https' ? (servername ?? (isIP(host) === 0 ? host : undefined)) : undefined;
  const socket = new ConnectingSocket(host, told, scheme === 'https', async (signal) => {
    try {
      refuseWhatIsIgnored(options, scheme);
      const origin = `${scheme}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port ?? (scheme === 'http' ? 80 : 443)}`;
      return await connector.connect(origin, { signal, ...(servername !== undefined && { servername }) });
    } catch (error) {
      throw error instanceof Error ? (toSystemError(error) ?? error) : new Error('The connection failed', { cause: error });
    }
  });
  if (timeout !== undefined && timeout > 0) socket.setTimeout(timeout);
  return socket;
}

/** Node's agent takes it from the `Host` field. */
function servernameOf(options: ClientRequestArgs & { readonly servername?: unknown }, host: string): string | undefined {
  const { servername } = options;
  if (typeof servername !== 'string' || servername === '' || servername === host || isIP(servername) !== 0) return undefined;
  return servername;
}

/** The connector has its own of these. Silence about one of a request would be a false sense of safety, or of being routed. */
const connectorsOwn = ['socketPath', 'localAddress', 'lookup'];
/** Where there is no TLS they mean nothing to anybody: some give them to every request. */
const connectorsOwnForTls = ['ca', 'cert', 'key', 'pfx', 'checkServerIdentity', 'secureContext'];

function refuseWhatIsIgnored(options: object, scheme: 'http' | 'https'): void {
  const given: Readonly<Record<string, unknown>> = { ...options };
  for (const name of scheme === 'https' ? [...connectorsOwn, ...connectorsOwnForTls] : connectorsOwn) {
    const value = given[name];
    // Node's own check is the one that is made: got names it each time.
    if (value !== undefined && value !== null && value !== checkServerIdentity) throw refusal(name);
  }
  if (scheme === 'https' && given['rejectUnauthorized'] === false) throw refusal('rejectUnauthorized');
}

function refusal(name: string): TypeError {
  return new TypeError(
    `The option "${name}" of a request means nothing to this agent: give it to the client or pool that makes its connections`,
  );
}
