import { InvalidOption } from '../errors.ts';
import { asBody } from '../options/own-options.ts';
import { releaseSources } from '../request/body/sources.ts';
import { toResponsePromise, type ResponsePromise } from '../response/response-promise.ts';

/** `post(url, data, config)`, as others have it, told also where there is no data that would be refused: nothing is ever left unread. */
export function refuseSurplus(options: unknown): ResponsePromise {
  releaseSources(options);
  return toResponsePromise(Promise.reject(new InvalidOption('options', `are the last argument, and there is one too many${asBody}`)));
}
