/** What a doc comment says, taken apart. The text is Markdown, as it was written. */
export interface DocComment {
  readonly text: string;
  readonly parameters: readonly { readonly name: string; readonly text: string }[];
  readonly throws: readonly { readonly error: string; readonly text: string }[];
  readonly examples: readonly string[];
  readonly isInternal: boolean;
}

export const noComment: DocComment = { text: '', parameters: [], throws: [], examples: [], isInternal: false };

/** @param source all of it, from its opening to its closing mark. */
export function parseComment(source: string): DocComment {
  const lines = source
    .replace(/^\/\*\*[ \t]?/, '')
    .replace(/\s*\*\/$/, '')
    .split('\n')
    .map((line, index) => (index === 0 ? line : line.replace(/^\s*\* ?/, '')));
  const [text = '', ...tags] = lines.join('\n').split(/(?:^|(?<=\s))@(?=(?:param|returns|throws|example|internal|package|default)\b)/);
  const parameters: { name: string; text: string }[] = [];
  const throws: { error: string; text: string }[] = [];
  const examples: string[] = [];
  let isInternal = false;
  for (const tag of tags) {
    const [, name = '', said = ''] = /^(\w+)[ \t]*([\s\S]*)$/.exec(tag)!;
    if (name === 'param') {
      const [, parameter = '', what = ''] = /^(?:\{[^}]*\}\s*)?([\w.]+)\s*([\s\S]*)$/.exec(said)!;
      parameters.push({ name: parameter, text: what.trim() });
    } else if (name === 'throws') {
      const [, error = '', why = ''] = /^(?:\{([^}]*)\}\s*)?([\s\S]*)$/.exec(said)!;
      throws.push({ error, text: why.trim() });
    } else if (name === 'example') {
      examples.push(
        said
          .replace(/^\n/, '')
          .replaceAll(/^```\w*\n|\n```\s*$/g, '')
          .trimEnd(),
      );
    } else if (name === 'internal' || name === 'package') {
      isInternal = true;
    }
  }
  return { text: text.trim(), parameters, throws, examples, isInternal };
}

/** Its beginning, for a list: up to the first full stop that ends a sentence. */
export function firstSentence(text: string): string {
  const paragraph = text.split(/\n\s*\n/, 1)[0]!.replaceAll('\n', ' ');
  return /^(?:[^`.]|`[^`]*`|\.(?!\s|$))*\.?/.exec(paragraph)![0].trim().replace(/[:;]$/, '');
}
