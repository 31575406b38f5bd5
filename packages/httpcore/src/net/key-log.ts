/** Where the secrets of connections are written, for those who ask to see through them: lines of the NSS key log format, which Wireshark reads. */
import { appendFileSync } from 'node:fs';

import { dropLater } from '../contract/thrown.ts';
import type { TlsOptions } from '../contract/tls-options.ts';

export type KeyLog = (line: Uint8Array) => void;

/** `undefined`: nobody wants to know. */
export function keyLogOf(option: TlsOptions['keylog'], environment: NodeJS.ProcessEnv = process.env): KeyLog | undefined {
  if (typeof option === 'function') return quietly(option);
  const file = option === true ? environment['SSLKEYLOGFILE'] : option;
  if (file === undefined || file === '') return undefined;
  let isTold = false;
  return (line) => {
    try {
      appendFileSync(file, line, { mode: 0o600 });
    } catch (error) {
      // No connection fails for it.
      if (!isTold)
        process.emitWarning(`tls.keylog: the file can not be written: ${(error as Error).message}`, { type: 'TlsKeyLogWarning' });
      isTold = true;
    }
  };
}

/** It is called from inside of a handshake, where a throw would end the process. */
function quietly(log: KeyLog): KeyLog {
  return (line) => {
    try {
      const returned: unknown = log(line);
      dropLater(returned);
    } catch {
      // It is told of secrets and is no part of the connection.
    }
  };
}
