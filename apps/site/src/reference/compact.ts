/** The reference in one text, for programs that read instead of looking: each name with its declaration and what it is for. */
import type { PublishedPackage } from '../workspace.ts';
import type { Exported, Reference } from './exports.ts';
import { commentOf } from './exports.ts';
import { firstSentence } from './comment.ts';
import { membersOf, signatureOf, withoutImplementation } from './signature.ts';

export function compactReference(reference: Reference, packages: readonly PublishedPackage[]): string {
  const lines: string[] = [];
  for (const { name, folder, description } of packages) {
    lines.push(`# ${name}`, '', description, '');
    for (const thing of reference.exported.filter(({ page }) => page.startsWith(`${folder}/`))) lines.push(...entry(reference, thing), '');
  }
  return lines.join('\n');
}

function entry(reference: Reference, thing: Exported): string[] {
  const { name, entries, declarations, comment } = thing;
  const signature = withoutImplementation(declarations).map((declaration) => plain(signatureOf(reference, declaration, () => '')));
  const said = comment.text.replaceAll(/\s*\n\s*/g, ' ');
  return [
    `## ${name} (${entries[0]})`,
    ...(said === '' ? [] : [said]),
    ...signature,
    ...membersOf(reference, thing).flatMap((member) => {
      const about = firstSentence(commentOf(member.declarations).text);
      const shown = member.declarations.map((declaration) => `  ${plain(signatureOf(reference, declaration, () => ''))}`);
      return about === '' ? shown : [...shown.slice(0, -1), `${shown.at(-1)!} // ${about}`];
    }),
    ...comment.examples.map((example) => `Example:\n${example}`),
  ];
}

function plain(signature: string): string {
  return signature
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replaceAll(/\s*\n\s*/g, ' ');
}
