/** `@x/interop/smithy`: a request handler for the AWS SDK v3. */
export type { ClientLike, DispatcherLike } from '../carrier/carrier.ts';
export {
  requestHandler,
  type RequestHandlerOptions,
  type SmithyCallOptions,
  type SmithyRequest,
  type SmithyRequestHandler,
  type SmithyResponse,
} from './request-handler.ts';
