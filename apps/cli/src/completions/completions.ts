/** Completions for the shells that people have, made of the tables. */
import { write, type Io } from '../io.ts';
import type { OptionRow } from '../options/option-row.ts';
import { commandTable, optionRows } from '../options/table.ts';
import { UsageError } from '../usage-error.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export async function printCompletions([shell = '', ...more]: readonly string[], io: Io): Promise<number> {
  const make = Object.hasOwn(completions, shell) && more.length === 0 ? completions[shell] : undefined;
  if (make === undefined) throw new UsageError('xhttp completion bash, xhttp completion zsh, or xhttp completion fish');
  await write(io, io.stdout, make());
  return 0;
}

export const completions: Readonly<Record<string, () => string>> = { bash, zsh, fish };

const takesValue = (row: OptionRow): boolean => row.type !== 'flag';
const longs = (row: OptionRow): string[] => [`--${row.name}`, ...(row.negated === undefined ? [] : [`--no-${row.name}`])];
const namesOf = (row: OptionRow): string[] => [...(row.short === undefined ? [] : [`-${row.short}`]), `--${row.name}`];

/** How a shell says what an option's value is completed with: `word` is one that nobody but the user knows. */
type Values = Readonly<Record<NonNullable<OptionRow['completes']> | 'word' | 'flag', string>> & { choices(words: string): string };

function valueOf(row: OptionRow, values: Values): string {
  if (row.choices !== undefined) return values.choices(row.choices.join(' '));
  return values[row.completes ?? (takesValue(row) ? 'word' : 'flag')];
}

function bash(): string {
  const values: Values = {
    choices: (words) => `COMPREPLY=($(compgen -W '${words}' -- "$cur"))`,
    file: 'COMPREPLY=($(compgen -f -- "$cur"))',
    folder: 'COMPREPLY=($(compgen -d -- "$cur"))',
    session: 'COMPREPLY=($(compgen -W "$(xhttp session list 2>/dev/null)" -- "$cur"))',
    word: 'COMPREPLY=()',
    flag: '',
  };
  const cases = optionRows.filter(takesValue).map((row) => `    ${namesOf(row).join('|')}) ${valueOf(row, values)}; return ;;`);
  return `# bash completion of xhttp:  eval "$(xhttp completion bash)"
_xhttp() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  case $prev in
${cases.join('\n')}
    completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- "$cur")); return ;;
  esac
  case $cur in
    -*) COMPREPLY=($(compgen -W '${optionRows.flatMap(longs).join(' ')}' -- "$cur")) ;;
    @*) COMPREPLY=($(compgen -P @ -f -- "\${cur#@}")) ;;
    *) [ "$COMP_CWORD" -eq 1 ] && COMPREPLY=($(compgen -W '${[...METHODS, ...commandTable.map(({ name }) => name)].join(' ')}' -- "$cur")) ;;
  esac
}
complete -o default -F _xhttp xhttp
`;
}

function zsh(): string {
  const quoted = (text: string): string =>
    text.replaceAll("'", "'\\''").replaceAll('[', '\\[').replaceAll(']', '\\]').replaceAll(':', '\\:');
  const specs = optionRows.flatMap((row) => {
    const action = valueOf(row, {
      choices: (words) => `:${row.value}:(${words})`,
      file: ':file:_files',
      folder: ':folder:_files -/',
      session: ':session:($(xhttp session list 2>/dev/null))',
      word: `:${quoted(row.value ?? 'value')}: `,
      flag: '',
    });
    return [
      ...namesOf(row).map((name) => `  '${row.type === 'texts' ? '*' : ''}${name}[${quoted(row.help)}]${action}'`),
      ...(row.negated === undefined ? [] : [`  '--no-${row.name}[${quoted(row.negated)}]'`]),
    ];
  });
  return `#compdef xhttp
# zsh completion of xhttp:  source <(xhttp completion zsh)
_xhttp() {
  _arguments -s \\
${specs.map((spec) => `${spec} \\`).join('\n')}
  '1:method, URL or command:(${[...METHODS, ...commandTable.map(({ name }) => name)].join(' ')})' \\
  '*:item:_files'
}
compdef _xhttp xhttp
`;
}

function fish(): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const values: Values = {
    choices: (words) => ` -x -a ${quoted(words)}`,
    file: ' -r -F',
    folder: " -x -a '(__fish_complete_directories)'",
    session: " -x -a '(xhttp session list 2>/dev/null)'",
    word: ' -x',
    flag: '',
  };
  const lines = optionRows.flatMap((row) => {
    const short = row.short === undefined ? '' : ` -s ${row.short}`;
    const own = `complete -c xhttp${short} -l ${row.name}${valueOf(row, values)} -d ${quoted(row.help)}`;
    return row.negated === undefined ? [own] : [own, `complete -c xhttp -l no-${row.name} -d ${quoted(row.negated)}`];
  });
  return `# fish completion of xhttp:  xhttp completion fish | source
${commandTable.map(({ name, help }) => `complete -c xhttp -n __fish_use_subcommand -a ${name} -d ${quoted(help)}`).join('\n')}
complete -c xhttp -n __fish_use_subcommand -a '${METHODS.join(' ')}'
complete -c xhttp -n '__fish_seen_subcommand_from completion' -x -a 'bash zsh fish'
${lines.join('\n')}
`;
}
