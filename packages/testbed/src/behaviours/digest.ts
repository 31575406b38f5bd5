import type { IncomingMessage, ServerResponse } from 'node:http';
import { DigestVerifier, type DigestCounts, type DigestTerms } from '../authentication/digest-verifier.ts';
import type { Behaviour } from '../server/http-server.ts';
import { answerJson } from './answers.ts';
import { readBody } from './request-body.ts';

export interface DigestOptions extends Omit<DigestTerms, 'user' | 'password'> {
  /** Default `ada`. */
  readonly user?: string;
  /** Default `lovelace`. */
  readonly password?: string;
  /** Tells with each answer which nonce it wants next. Default false. */
  readonly rotate?: boolean;
}

/** A site behind Digest (RFC 7616). Answers with `{ user, algorithm, qop, nc, body }` as JSON. */
export function digest(options: DigestOptions = {}): Behaviour<{ readonly digest: DigestCounts }> {
  const { user = 'ada', password = 'lovelace', rotate = false, ...terms } = options;
  const verifier = new DigestVerifier({ ...terms, user, password });
  return {
    handle: (request, response) => void serve(request, response),
    extras: { digest: verifier.counts },
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (body === undefined) return;
    const { authorization: credentials } = request.headers;
    const verdict = verifier.verify({ credentials, method: request.method ?? '', targets: [request.url ?? ''], body });
    if (!verdict.admitted) {
      answerJson(response, 401, { error: 'not admitted' }, { 'WWW-Authenticate': verdict.challenges });
      return;
    }
    const value = (parameter: string): string | undefined => verdict.answer.get(parameter);
    const shown = { user, algorithm: value('algorithm'), qop: value('qop'), nc: value('nc'), body: body.toString() };
    answerJson(response, 200, shown, rotate ? { 'Authentication-Info': `nextnonce="${verifier.issue()}"` } : {});
  }
}
