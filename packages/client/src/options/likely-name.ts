/** Which option a caller may have meant by a name that is none: that of another client, or a slip. */

/** What other clients call it → how it is spelt here. An option that is not known where it was given is not suggested. */
const elsewhere: Readonly<Record<string, string>> = {
  searchparams: 'params',
  query: 'params',
  querystring: 'params',
  qs: 'params',
  data: 'json, form or body',
  payload: 'json, form or body',
  content: 'body',
  formdata: 'form',
  urlencoded: 'form',
  multipart: 'files',
  file: 'files',
  attachments: 'files',
  prefixurl: 'baseUrl',
  prefix: 'baseUrl',
  origin: 'baseUrl',
  httpheaders: 'headers',
  requestheaders: 'headers',
  useragent: 'headers',
  token: 'auth',
  bearer: 'auth',
  username: 'auth',
  password: 'auth',
  credentials: 'auth',
  withcredentials: 'cookies',
  jar: 'cookies',
  cookiejar: 'cookies',
  redirect: 'followRedirects',
  follow: 'followRedirects',
  followredirect: 'followRedirects',
  allowredirects: 'followRedirects',
  maxredirections: 'maxRedirects',
  retry: 'retries',
  maxretries: 'retries',
  hooks: 'interceptors',
  middleware: 'interceptors',
  agent: 'dispatcher',
  httpagent: 'dispatcher',
  httpsagent: 'tls',
  https: 'tls',
  verify: 'tls',
  rejectunauthorized: 'tls',
  ca: 'tls',
  cert: 'tls',
  key: 'tls',
  cancel: 'signal',
  canceltoken: 'signal',
  abortsignal: 'signal',
  controller: 'signal',
  headerstimeout: 'timeout',
  bodytimeout: 'timeout',
  requesttimeout: 'timeout',
  deadline: 'timeout',
  proxies: 'proxy',
  proxyurl: 'proxy',
  onprogress: 'onUploadProgress',
  maxcontentlength: 'maxResponseBytes',
  maxbodylength: 'maxResponseBytes',
  maxresponsesize: 'maxResponseBytes',
  gzip: 'decompress',
};

/** What is no option here, and how it is done. */
const otherwise: Readonly<Record<string, string>> = {
  responsetype: 'the response is read as what it is wanted as: response.json(), text(), bytes(), or client.stream()',
  throwhttperrors: 'response.raiseForStatus() throws for a status',
  validatestatus: 'response.raiseForStatus() throws for a status',
  encoding: 'response.text(charset) takes a charset',
  method: 'the method is the first argument of client.request(method, url, options)',
  url: 'the URL is an argument of its own: client.get(url, options)',
};

/** `did you mean "params"?`, or `undefined` where nothing comes near. `known` are the names that are options there. */
export function likelyName(given: string, known: readonly string[]): string | undefined {
  const plain = given.toLowerCase().replace(/[^a-z]/g, '');
  const spelt = known.find((name) => name.toLowerCase() === plain);
  if (spelt !== undefined) return meant(spelt);
  const named = Object.hasOwn(elsewhere, plain) ? elsewhere[plain]! : undefined;
  if (named !== undefined && named.split(/, | or /).every((name) => known.includes(name))) return meant(named);
  // Those of a call, and of a client.
  if (Object.hasOwn(otherwise, plain) && known.includes('headers')) return otherwise[plain];
  let nearest: string | undefined;
  let least = plain.length < 5 ? 2 : 3;
  for (const name of known) {
    const distance = editDistance(plain, name.toLowerCase(), least);
    if (distance < least) [nearest, least] = [name, distance];
  }
  return nearest === undefined ? undefined : meant(nearest);
}

function meant(names: string): string {
  return `did you mean ${names.replace(/\w+(?=,| or |$)/g, '"$&"')}?`;
}

/** Letters to add, to leave out, to change or to swap with the next; `most` for so many and more. */
function editDistance(from: string, to: string, most: number): number {
  if (Math.abs(from.length - to.length) >= most || from.length > 40) return most;
  let before: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      let least = Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + (isSame ? 0 : 1));
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && isSwapped) least = Math.min(least, before[column - 2]! + 1);
      current.push(least);
    }
    [before, previous] = [previous, current];
  }
  return Math.min(previous[to.length]!, most);
}
