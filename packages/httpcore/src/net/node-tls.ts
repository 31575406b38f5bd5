/** `node:tls`, loaded with the first TLS connection: it takes longer to load than all of this package. */
export function nodeTls(): typeof import('node:tls') {
  return process.getBuiltinModule('node:tls');
}
