/** An error of a dispatcher, as it is written down, and made again. */
import {
  Aborted,
  ConnectError,
  ConnectTimeout,
  DeadlineExceeded,
  HttpCoreError,
  LocalProtocolError,
  PoolClosed,
  PoolTimeout,
  ProxyError,
  ReadError,
  ReadTimeout,
  RemoteProtocolError,
  UnsupportedProtocol,
  WriteError,
  WriteTimeout,
  type ErrorInit,
  type ErrorPhase,
} from '@x/httpcore';

import type { HarFailure } from '../har/har.ts';
import type { Mask } from '../har/mask.ts';

type ErrorClass = new (message: string, init?: ErrorInit) => HttpCoreError;

const classes: Readonly<Record<string, ErrorClass>> = {
  Aborted,
  ConnectError,
  ConnectTimeout,
  DeadlineExceeded,
  LocalProtocolError,
  PoolClosed,
  PoolTimeout,
  ProxyError,
  ReadError,
  ReadTimeout,
  RemoteProtocolError,
  UnsupportedProtocol,
  WriteError,
  WriteTimeout,
};

export function failureRecord(error: unknown, mask: Mask): HarFailure {
  if (!(error instanceof HttpCoreError)) {
    // Of a foreign dispatcher, or of the caller's own body.
    return { name: 'ReadError', code: 'READ_FAILED', message: mask.text(error instanceof Error ? error.message : String(error)) };
  }
  const { name, code, message, phase, requestSent, errno } = error;
  return {
    name,
    code,
    message: mask.text(message),
    ...(phase === undefined ? {} : { phase }),
    ...(requestSent === undefined ? {} : { requestSent }),
    ...(errno === undefined ? {} : { errno }),
  };
}

export function failureOf({ name, code, message, phase, requestSent, errno }: HarFailure): HttpCoreError {
  const Kind = Object.hasOwn(classes, name) ? classes[name]! : ReadError;
  const cause = errno === undefined ? undefined : Object.assign(new Error(`${errno} (recorded)`), { code: errno });
  return new Kind(message, { code, cause, phase: phase as ErrorPhase | undefined, requestSent });
}
