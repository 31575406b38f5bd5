/** Parses what may be no URL. */

/** `undefined`: it is none. */
export function parseUrl(text: string, base?: string): URL | undefined {
  // Not asked of `URL.canParse` first: once its caller is compiled, that of Node 20 and 22 refuses letters of Latin-1 beyond ASCII.
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
