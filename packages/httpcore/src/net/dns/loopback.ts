/** RFC 6761 §6.3: these names are this machine's, and are not asked for elsewhere. */
export function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === 'localhost.' || host.endsWith('.localhost.');
}

export const loopbackAddresses: readonly string[] = Object.freeze(['::1', '127.0.0.1']);
