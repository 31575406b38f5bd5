/** Says who the caller is, to the origin that it was meant for. */
import type { AuthSettings } from './auth-settings.ts';
import { originFields } from './auth-fields.ts';
import { userOf } from './basic.ts';
import type { Auth, AsyncAuthFlow, AuthExchange, AuthFlow } from './auth.ts';
import type { ChunkSource } from '../request/body/chunks.ts';
import type { RequestBody } from '../request/body/request-body.ts';
import { iterate } from '../request/body/streamed-body.ts';
import { BodyNotReplayable, ClientError } from '../errors.ts';
import { findHeader } from '../request/fields/header-input.ts';
import { Request } from '../request/request.ts';
import { Response } from '../response/response.ts';
import { sameOrigin } from '../request/url/same-origin.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import type { Send } from '../call/interceptor.ts';
import type { CallContext } from '../call/context.ts';
import { tell } from '../call/debug-log.ts';
import { withinCall } from '../call/within-call.ts';

/**
 * Runs the flow of the call, or else the client's, in which a request without an `Authorization` field of its own takes part. A
 * request to another origin, such as a redirect leads to, passes through as it is, unless the flow is for every origin: its credentials
 * were left behind where it turned off.
 */
export function authenticate(
  settingsOf: (context: CallContext) => AuthSettings,
  sendAside?: AuthExchange['sendAside'],
): (send: Send) => Send {
  return (send) =>
    function identify(request, context) {
      const { auth } = settingsOf(context);
      if (auth === undefined || !takesPart(auth, request, context.request, settingsOf(context))) return send(request, context);
      return runFlow(auth, request, context, send, sendAside);
    };
}

function takesPart(auth: Auth, request: Request, first: Request, { origin, isOfCall }: AuthSettings): boolean {
  const everywhere = auth.everyOrigin === true;
  const isMeant = sameOrigin(request.urlParts, first.urlParts) && (origin === undefined || sameOrigin(request.urlParts, origin));
  if (!everywhere && !isMeant) return false;
  const asked = everywhere ? request : first;
  const own = findHeader(asked.rawHeaders, originFields.credentials);
  if (own === undefined) return true;
  // Of a URL that names a user, the field is what the flow begins with.
  return auth.completesUser === true && own === asked.urlCredentials ? lacksPassword(own) : isOfCall;
}

function lacksPassword(credentials: string): boolean {
  return userOf(credentials)?.password === '';
}

async function runFlow(
  auth: Auth,
  request: Request,
  context: CallContext,
  send: Send,
  sendAside: AuthExchange['sendAside'],
): Promise<StreamResponse> {
  const whole = auth.requiresRequestBody === true ? await withWholeBody(request, context) : { request, content: new Uint8Array() };
  const flow = auth.authFlow(whole.request, { fields: originFields, content: whole.content, sendAside });
  const sent = new Set<RequestBody>();
  let response: StreamResponse | undefined;
  try {
    let step = await take(context, flow.next());
    while (step.done !== true) {
      // The connection of the answer that the flow goes on from may carry the next request.
      if (response !== undefined) {
        const { status } = response;
        tell(step.value, () => `is sent after an answer of ${status}, as the authentication flow wants it`);
        await context.release(response);
      }
      response = undefined;
      const onward = checkStep(step.value, sent);
      if (onward.body !== null) sent.add(onward.body);
      response = await send(onward, context);
      step = await take(context, flow.next(auth.requiresResponseBody === true ? await readWhole(response) : response));
    }
  } catch (error) {
    // Nobody waits for what it does in its `finally`: it may be what it hangs in that has run out of time.
    void endFlow(flow);
    await response?.close();
    throw error;
  }
  // A flow that yields nothing has nothing to say.
  return response ?? send(whole.request, context);
}

type Step = IteratorResult<Request, void>;

/** What a flow waits for, such as a token, is waited for no longer than the call may take. */
function take(context: CallContext, step: Step | Promise<Step>): Step | Promise<Step> {
  return step instanceof Promise ? withinCall(context, step) : step;
}

async function endFlow(flow: AuthFlow | AsyncAuthFlow): Promise<void> {
  try {
    await flow.return();
  } catch {
    // The call has failed already, with an error that says more.
  }
}

function checkStep(request: unknown, sent: ReadonlySet<RequestBody>): Request {
  if (!(request instanceof Request)) throw new ClientError('The auth flow yielded no Request', { code: 'INVALID_AUTH_FLOW' });
  if (request.body !== null && !request.body.replayable && sent.has(request.body)) {
    throw new BodyNotReplayable(
      'The server asked for authentication after the body of the request, a stream, had been sent; give a function that makes a new stream',
    );
  }
  return request;
}

async function readWhole(response: StreamResponse): Promise<Response> {
  return new Response(response, await response.read(), response.body.trailers);
}

async function withWholeBody(request: Request, context: CallContext): Promise<{ request: Request; content: Uint8Array }> {
  if (request.body === null) return { request, content: new Uint8Array() };
  const source = iterate(request.body.open());
  let content: Buffer;
  try {
    content = await withinCall(context, join(source));
  } catch (error) {
    // It is read no further, and what it holds is let go of; nobody waits for that.
    void Promise.resolve(source.return?.()).catch(() => {});
    throw error;
  }
  if (request.body.replayable) return { request, content };
  const contentType = findHeader(request.rawHeaders, 'content-type');
  return { request: request.with({ body: content, headers: contentType === undefined ? {} : { 'content-type': contentType } }), content };
}

async function join(source: ChunkSource): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (let result = await source.next(); result.done !== true; result = await source.next()) chunks.push(result.value as Uint8Array);
  return Buffer.concat(chunks);
}
