/** What a media type says of the shape of a body. */

export function isFormType(mediaType: string): boolean {
  return essence(mediaType) === 'application/x-www-form-urlencoded';
}

/** JSON, and what has JSON in it line by line. */
export function isJsonLike(mediaType: string): boolean {
  return /^(?:[^/]+\/(?:.+\+)?json|application\/(?:json-seq|x-ndjson|ndjson|jsonl|x-jsonlines)|text\/event-stream)$/.test(
    essence(mediaType),
  );
}

/** One JSON document. */
export function isJson(mediaType: string): boolean {
  return /^[^/]+\/(?:.+\+)?json$/.test(essence(mediaType));
}

export function isXml(mediaType: string): boolean {
  return /^[^/]+\/(?:.+\+)?xml$/.test(essence(mediaType));
}

export function isText(mediaType: string): boolean {
  return essence(mediaType).startsWith('text/');
}

/** Many say nothing of what they send, or that it is any text. */
export function isPerhapsJson(mediaType: string, text: string): boolean {
  return /^(?:|x-unknown|text\/plain|application\/octet-stream)$/.test(essence(mediaType)) && /^\s*[[{]/.test(text);
}

export function multipartBoundary(mediaType: string): string | undefined {
  if (!essence(mediaType).startsWith('multipart/')) return undefined;
  const match = /;\s*boundary=(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))/i.exec(mediaType);
  return match?.[1]?.replace(/\\(.)/g, '$1') ?? match?.[2];
}

function essence(mediaType: string): string {
  return mediaType.split(';', 1)[0]!.trim().toLowerCase();
}
