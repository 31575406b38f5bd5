/**
 * How connections live and end, beside undici, in one run: requests that meet a connection which the server is just closing, the time until a service that has
 * moved is followed, and the time until calls succeed again after an outage. Usage: `npm --prefix apps/bench run lifetimes`.
 */
import { deadReuses } from './dead-reuses.ts';
import { movedService } from './moved-service.ts';
import { outage } from './outage.ts';
import { contenders } from './contenders.ts';

const rows: Record<string, string>[] = [];
for (const { name, open } of contenders) {
  const [dead, moved, gone, back] = await Promise.all([
    deadReuses(open),
    movedService(open, false),
    movedService(open, true),
    outage(open),
  ]);
  rows.push({
    contender: name,
    'dead reuses': `${dead.failed} of ${dead.sent} (${dead.connections} connections)`,
    'moved, both answer': moved,
    'moved, the old place is gone': gone,
    'after an outage': back,
  });
}
for (const row of rows) {
  const [[, name], ...figures] = Object.entries(row) as [[string, string], ...[string, string][]];
  console.log(`${name}\n${figures.map(([what, figure]) => `  ${what}: ${figure}`).join('\n')}`);
}
process.exit(0);
