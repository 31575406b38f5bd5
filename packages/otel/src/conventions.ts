/**
 * Names of the semantic conventions for HTTP clients, as of version 1.38 and later, and the few of our own. They are written down here, since the
 * package that has them names the ones in development by a path that changes.
 */
export const attribute = {
  method: 'http.request.method',
  originalMethod: 'http.request.method_original',
  resendCount: 'http.request.resend_count',
  status: 'http.response.status_code',
  connectionState: 'http.connection.state',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  scheme: 'url.scheme',
  url: 'url.full',
  urlTemplate: 'url.template',
  errorType: 'error.type',
  protocolVersion: 'network.protocol.version',
  peerAddress: 'network.peer.address',
  peerPort: 'network.peer.port',
  /** Seconds that it waited for a connection, without the making of one. */
  timeInQueue: 'xhttp.request.time_in_queue',
  connectionReused: 'xhttp.connection.reused',
  connectionId: 'xhttp.connection.id',
  proxy: 'xhttp.proxy',
  cacheState: 'xhttp.cache.state',
} as const;

export const metric = {
  duration: 'http.client.request.duration',
  requestBodySize: 'http.client.request.body.size',
  responseBodySize: 'http.client.response.body.size',
  activeRequests: 'http.client.active_requests',
  openConnections: 'http.client.open_connections',
  connectionDuration: 'http.client.connection.duration',
  timeInQueue: 'http.client.request.time_in_queue',
  replays: 'xhttp.client.request.replays',
} as const;

/** The event of a span: the core has sent the request again, since the server provably had not processed it. */
export const replayEvent = 'xhttp.replay';

/** In seconds. */
export const durationBuckets: number[] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
export const connectionDurationBuckets: number[] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
