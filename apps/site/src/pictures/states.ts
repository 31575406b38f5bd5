/** The tables of states in the sources, drawn by Graphviz. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { instance } from '@viz-js/viz';
import ts from 'typescript-6';

import { root } from '../workspace.ts';

interface Machine {
  readonly name: string;
  readonly moves: readonly { readonly from: string; readonly event: string; readonly to: string }[];
}

const files = ['packages/httpcore/src/exchange/exchange-state.ts', 'packages/httpcore/src/protocol/http1/engine.ts'];

const style = [
  'text{font:13px system-ui,sans-serif;fill:#1c2a40}.edge text{font-size:11px;fill:#46556e}.cluster text{font-weight:600}',
  '.node ellipse,.node path,.node polygon{fill:#eef3fb;stroke:#5b7db1}.edge path{stroke:#8a94a6;fill:none}.edge polygon{fill:#8a94a6;stroke:#8a94a6}',
  '.cluster polygon,.cluster path{fill:none;stroke:none}',
  '@media (prefers-color-scheme:dark){text{fill:#e6edf8}.edge text{fill:#a7b4c8}.node ellipse,.node path,.node polygon{fill:#1d2736;stroke:#6f8fc0}}',
].join('\n');

export async function statesSvg(title: string): Promise<string> {
  const machines = files.flatMap(machinesIn);
  const clusters = machines.map(({ name, moves }, index) => {
    const node = (state: string): string => JSON.stringify(`${index} ${state}`);
    const states = new Set(moves.flatMap(({ from, to }) => [from, to]));
    return [
      `subgraph cluster_${index} { label=${JSON.stringify(name)}; labeljust=l;`,
      ...Array.from(states, (state) => `${node(state)} [label=${JSON.stringify(state)}];`),
      ...moves.map(({ from, event, to }) => `${node(from)} -> ${node(to)} [label=${JSON.stringify(` ${event} `)}];`),
      '}',
    ].join('\n');
  });
  const dot = `digraph { rankdir=LR; bgcolor=transparent; node [shape=box style=rounded height=0.35 margin="0.14,0.05" fontname="sans-serif" fontsize=13]; edge [fontname="sans-serif" fontsize=11 arrowsize=0.7];\n${clusters.join('\n')}\n}`;
  const viz = await instance();
  const svg = viz.renderString(dot, { format: 'svg' });
  const [, viewBox = ''] = /viewBox="([^"]*)"/.exec(svg)!;
  const [, content = ''] = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(svg)!;
  const drawn = content
    .replaceAll(/<!--[\s\S]*?-->\n?|<title>[\s\S]*?<\/title>\n?/g, '')
    .replaceAll(/ (?:fill|stroke|font-family|font-size)="[^"]*"/g, '');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${viewBox}" role="img" aria-label="${title}">\n<title>${title}</title>\n<style>\n${style}\n</style>${drawn}</svg>\n`;
}

/** Each `new StateMachine(name, { state: { event: 'next' } })` of a file. */
export function machinesIn(file: string): Machine[] {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const machines: Machine[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && node.expression.getText() === 'StateMachine') {
      const [name, table] = node.arguments ?? [];
      if (name !== undefined && ts.isStringLiteral(name) && table !== undefined && ts.isObjectLiteralExpression(table)) {
        machines.push({ name: name.text, moves: movesOf(table) });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return machines;
}

function movesOf(table: ts.ObjectLiteralExpression): Machine['moves'] {
  return table.properties.flatMap((state) => {
    if (!ts.isPropertyAssignment(state) || !ts.isObjectLiteralExpression(state.initializer)) return [];
    return state.initializer.properties.flatMap((event) => {
      const isMove = ts.isPropertyAssignment(event) && ts.isStringLiteral(event.initializer);
      return isMove ? [{ from: state.name.getText(), event: event.name.getText(), to: event.initializer.text }] : [];
    });
  });
}
