import { HttpCoreError, type ErrorInit } from '@x/httpcore';

/**
 * The file has no answer to a request, and the recorder's mode does not let it go to the network: nothing was sent. The message shows
 * in what the nearest recording differs. Nothing retries it. Code `UNRECORDED_REQUEST`.
 */
export class UnrecordedRequest extends HttpCoreError {
  override readonly name = 'UnrecordedRequest';
  constructor(message: string, init?: ErrorInit) {
    super(message, { requestSent: false, ...init }, 'UNRECORDED_REQUEST');
  }
}
