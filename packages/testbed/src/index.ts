/** Local servers, certificates of an own authority, and scripted misbehaviour for tests, the demo and the bench. */
export { createGate, type Gate } from './gate.ts';
export { withEnoughTime } from './enough-time.ts';
export { createAuthority, type CertificateAuthority, type CertificateRequest, type IssuedCertificate } from './certificates/authority.ts';
export {
  clientCertificate,
  expiredCertificate,
  futureCertificate,
  serverCertificate,
  strangeAuthority,
  trustedAuthority,
  type CertificateOptions,
} from './certificates/certificates.ts';
export { mebibytes, seededBuffer, seededBytes, seededDigest } from './seeded-bytes.ts';
export type { DigestCounts } from './authentication/digest-verifier.ts';
export type { EchoedRequest } from './behaviours/echo.ts';
export type { Upload } from './behaviours/upload.ts';
export type { BodyDigest } from './behaviours/request-body.ts';
export { startServer, type ExtrasOf, type OptionsOf, type ServerKind } from './start-server.ts';
export type { Handler, ServerOptions } from './server/http-server.ts';
export { hasIPv6, type LocalHost } from './server/bind.ts';
export { refusedPort } from './server/refused-port.ts';
export type { ListenOptions, LocalServer } from './server/local-server.ts';
export type { ConnectionCounts } from './server/connection-ledger.ts';
export type { TlsServerOptions } from './server/tls-setup.ts';
export {
  startRawServer,
  type RawOutcome,
  type RawScript,
  type RawServer,
  type RawServerOptions,
  type RawTranscript,
} from './raw/raw-server.ts';
export { PeerClosed, type RawPeer, type SendOptions } from './raw/raw-peer.ts';
export {
  close,
  cut,
  forever,
  hang,
  receiveBytes,
  receiveHead,
  receiveRequest,
  receiveUntil,
  reset,
  send,
  waitFor,
  type RawStep,
} from './raw/steps.ts';
export {
  startHttp2Server,
  type Http2LocalServer,
  type Http2ServerOptions,
  type Http2Settings,
  type StreamHandler,
} from './http2/http2-server.ts';
export { startHttp2Script, type Http2Script, type Http2ScriptOptions, type Http2ScriptServer } from './http2/http2-script.ts';
export type { ClientFrame, ClientRequest, Http2Peer } from './http2/http2-peer.ts';
export * as frames from './http2/frames.ts';
export { startRelay, type Relay, type RelayOptions } from './relay/relay.ts';
export { startProxy } from './proxy/start-proxy.ts';
export type { Refusal } from './proxy/connect-request.ts';
export type { HttpProxy, HttpProxyOptions } from './proxy/http-proxy.ts';
export type { LocalProxy, ProxiedRequest } from './proxy/local-proxy.ts';
export type { BasicProxyAuth, DigestProxyAuth, ProxyAuth } from './proxy/proxy-authentication.ts';
export type { SocksVersion } from './proxy/socks-handshake.ts';
export type { SocksProxy, SocksProxyOptions, SocksScheme } from './proxy/socks-proxy.ts';
export type { Resolve } from './proxy/target.ts';
export type { TunnelCounts } from './proxy/tunnels.ts';
export { findProgram, installedProgram } from './peers/installed-program.ts';
export { startNginx, type NginxOptions, type NginxServer } from './peers/nginx.ts';
export { startGo, type GoServer } from './peers/go.ts';
export { startNghttpd, type NghttpdOptions, type NghttpdServer } from './peers/nghttpd.ts';
export { startSquid, type SquidOptions, type SquidProxy } from './peers/squid.ts';
export { startTinyproxy, type TinyproxyOptions, type TinyproxyProxy } from './peers/tinyproxy.ts';
export { canReplaceFiles } from './peers/private-files.ts';
export { startDante, type DanteOptions, type DanteProxy } from './peers/dante.ts';
export { startDnsmasq, type DnsmasqServer, type Zone } from './peers/dnsmasq.ts';
export { startHaproxy, type Haproxy, type HaproxyOptions } from './peers/haproxy.ts';
