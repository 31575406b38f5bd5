import type { ProxiedRequest } from '@x/testbed';
import type { Report } from './report.ts';

/** What a proxy was asked for, as it noted that itself. */
export function showProxied(requests: readonly ProxiedRequest[], report: Report): void {
  const { style } = report.terminal;
  report.line();
  for (const { kind, target, authorized, connection } of requests) {
    const outcome = `${authorized ? 'admitted' : 'credentials wanted'}, connection ${connection + 1}`;
    report.line(`  the proxy saw ${style.strong(`${kind} ${target}`)}  ${style.faint(outcome)}`);
  }
}
