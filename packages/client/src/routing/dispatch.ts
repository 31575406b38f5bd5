/** The end of the chain, and the only place that calls a dispatcher. */
import { StreamResponse } from '../response/stream-response.ts';
import type { CallContext } from '../call/context.ts';
import type { ProxySettings } from '../proxies/proxy-settings.ts';
import type { FindRoute } from './routes.ts';
import type { Send } from '../call/interceptor.ts';
import { watchUpload, withContentLength } from '../request/upload.ts';

export function dispatchBy(route: FindRoute, settingsOf: (context: CallContext) => ProxySettings): Send {
  return async function transport(request, context) {
    const attempt = context.begin(request);
    try {
      const { body: content } = request;
      let fields = request.rawHeaders;
      if (content?.measure !== undefined && content.length === undefined) {
        const length = await content.measure();
        // With trailers it travels in chunks.
        if (request.trailers === undefined) fields = withContentLength(fields, length);
      }
      const { dispatcher, proxy } = route(request.urlParts, settingsOf(context));
      const [httpVersion, status, reason, headers, body] = await dispatcher.dispatch(
        request.method,
        request.urlParts,
        fields,
        content === null ? null : watchUpload(content, fields, context.onUploadProgress),
        context.timeouts,
        context.dispatchContext(attempt, proxy),
      );
      attempt.status = status;
      attempt.httpVersion = httpVersion;
      attempt.body = body;
      return new StreamResponse(request, status, reason, httpVersion, headers, attempt, context, body);
    } catch (error) {
      attempt.error = error;
      attempt.end();
      throw error;
    }
  };
}
