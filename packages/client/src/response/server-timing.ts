/** What a server says of its own time (Server Timing, W3C). */

/** One of its metrics. */
export interface ServerTiming {
  readonly name: string;
  /** Milliseconds; `undefined` when it gave none. */
  readonly duration: number | undefined;
  readonly description: string | undefined;
}

// Enough for any dashboard; a header section holds many more.
const mostMetrics = 100;
const metric = /^[\t ]*([!#$%&'*+\-.^_`|~\w]+)[\t ]*/u;
const parameter = /^;[\t ]*([!#$%&'*+\-.^_`|~\w]+)[\t ]*(?:=[\t ]*(?:"((?:[^"\\]|\\.)*)"|([^;,"\t ]*))[^;,]*)?/u;

/** In their order, the first 100; what is no metric is passed over. The first of two parameters of one name counts. */
export function parseServerTiming(field: string): ServerTiming[] {
  const timings: ServerTiming[] = [];
  let rest = field;
  while (rest !== '' && timings.length < mostMetrics) {
    const name = metric.exec(rest);
    if (name?.[1] === undefined) {
      rest = afterComma(rest);
      continue;
    }
    rest = rest.slice(name[0].length);
    const said = new Map<string, string>();
    for (let found = parameter.exec(rest); found?.[1] !== undefined; found = parameter.exec(rest)) {
      const key = found[1].toLowerCase();
      const value = found[2]?.replaceAll(/\\(.)/gu, '$1') ?? found[3] ?? '';
      if (!said.has(key)) said.set(key, value);
      rest = rest.slice(found[0].length);
    }
    const duration = Number(said.get('dur') || NaN);
    timings.push({ name: name[1], duration: Number.isFinite(duration) ? duration : undefined, description: said.get('desc') });
    rest = afterComma(rest);
  }
  return timings;
}

function afterComma(text: string): string {
  const comma = text.indexOf(',');
  return comma === -1 ? '' : text.slice(comma + 1);
}
