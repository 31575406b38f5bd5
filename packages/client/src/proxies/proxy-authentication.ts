import type { PromptAuthenticator } from '../auth/prompt-authenticator.ts';

import { BasicAuth } from '../auth/basic.ts';
import { DigestAuth } from '../auth/digest/digest.ts';

/** User and password as proxies are told them by default: Basic up front, and Digest from the moment at which the proxy asks for it. */
export function basicThenDigest(user: string, password: string): PromptAuthenticator {
  const basic = new BasicAuth(user, password).forProxy();
  const digest = new DigestAuth(user, password).forProxy();
  let current: PromptAuthenticator = basic;
  return {
    authorize: (request) => current.authorize(request),
    challenged(request, challenge) {
      if (!digest.challenged(request, challenge)) return false;
      current = digest;
      return true;
    },
    accepted(request, headers) {
      if (current === digest) digest.accepted?.(request, headers);
    },
  };
}
