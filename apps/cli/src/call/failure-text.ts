/** A failure as one who sits at a terminal can use it: what happened, and which option or variable has to do with it. */
import { oneLine } from '../output/printable.ts';

interface Facts {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly phase?: unknown;
  readonly cause?: unknown;
}

const hints: readonly (readonly [when: RegExp, hint: string])[] = [
  [/CERT|SELF_SIGNED|UNABLE_TO_/u, '--cacert FILE trusts an authority of your own (so does NODE_EXTRA_CA_CERTS)'],
  [/ALTNAME|HOSTNAME/u, 'the certificate is for another name'],
  [
    /ENOTFOUND|EAI_AGAIN/u,
    'is the name right? --resolve HOST:PORT:ADDRESS does without DNS; behind a proxy it may be the proxy that knows it (--proxy, https_proxy)',
  ],
  [/ECONNREFUSED/u, 'nobody listens there'],
  [/INVALID_PROXY_VARIABLE/u, '--no-proxy goes directly'],
  [/PROXY_AUTH_REQUIRED/u, 'give the credentials in the URL of --proxy or of the variable: http://user:password@host:port'],
  [/ERR_SSL_WRONG_VERSION_NUMBER|EPROTO/u, 'is it http:// that is spoken there?'],
];

/** Lines, the first with what failed. */
export function failureText(error: unknown): string {
  if (typeof error !== 'object' || error === null) return `xhttp: ${String(error)}`;
  const { message = 'failed' } = error as Facts;
  const codes = codesOf(error);
  const hint = hints.find(([when]) => codes.some((code) => when.test(code)))?.[1];
  return [`xhttp: ${oneLine(String(message))}`, ...(hint === undefined ? [] : [`       ${hint}`])].join('\n');
}

function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  for (let each = error, depth = 0; typeof each === 'object' && each !== null && depth < 8; each = (each as Facts).cause, depth += 1) {
    const { code } = each as Facts;
    if (typeof code === 'string') codes.push(code);
  }
  return codes;
}
