/** Doc comments as Markdown of a page: names become links, and nothing in them is taken for markup. */

/** Where a name leads, or `undefined` where it is nobody's. `within` is what the text is about. */
export type NameLink = (name: string, within: string | undefined) => string | undefined;

export function toMarkdown(text: string, linkOf: NameLink, within?: string): string {
  const linked = text.replaceAll(
    /\{@link\s+([\w$.()]+)(?:\s*\|\s*([^}]*)|\s+([^}]*))?\}/g,
    (_whole, name: string, bar?: string, space?: string) => {
      const shown = bar ?? space ?? name;
      return `\`${shown.trim()}\`${shown === name ? '' : `\uE000${name}\uE000`}`;
    },
  );
  return outsideCode(
    linked,
    (prose) => prose.replaceAll('<', '&lt;').replaceAll('{{', '&#123;&#123;'),
    (code, after) => {
      const named = /^\uE000([^\uE000]*)\uE000/.exec(after)?.[1];
      const link = linkOf((named ?? code).replace(/\(.*\)$/s, ''), within);
      return link === undefined ? `\`${code}\`` : `[\`${code}\`](${link})`;
    },
  ).replaceAll(/\uE000[^\uE000]*\uE000/g, '');
}

/** Links what stands in code in the prose of a guide, each name once; headings, fences, tables' borders and links stay as they are. */
export function linkNames(markdown: string, linkOf: (name: string) => string | undefined): string {
  const seen = new Set<string>();
  let inFence = false;
  return markdown
    .split('\n')
    .map((line) => {
      if (/^\s*(?:```|:::)/.test(line)) inFence = line.trimStart().startsWith('```') ? !inFence : inFence;
      if (inFence || /^\s*(?:```|#|:::|<)/.test(line)) return line;
      return line.replaceAll(/!?\[(?:`[^`]*`|[^\]`])*\]\([^)]*\)|``[^`].*?``|`([^`]+)`/g, (whole, code?: string) => {
        if (code === undefined) return whole;
        const name = code.replace(/\(.*\)$/s, '');
        const link = seen.has(name) ? undefined : linkOf(name);
        if (link === undefined) return whole;
        seen.add(name);
        return `[${whole}](${link})`;
      });
    })
    .join('\n');
}

function outsideCode(text: string, prose: (text: string) => string, code: (text: string, after: string) => string): string {
  let out = '';
  let at = 0;
  let isFence = false;
  for (const match of text.matchAll(/^```.*$|`([^`\n]+(?:\n[^`\n]+)*)`/gm)) {
    const before = text.slice(at, match.index);
    out += isFence ? before : prose(before);
    if (match[1] === undefined) {
      isFence = !isFence;
      out += match[0];
    } else {
      out += isFence ? match[0] : code(match[1].replaceAll(/\s*\n\s*/g, ' '), text.slice(match.index + match[0].length));
    }
    at = match.index + match[0].length;
  }
  return out + (isFence ? text.slice(at) : prose(text.slice(at)));
}
