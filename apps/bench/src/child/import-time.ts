/**
 * Measured process: what importing a package costs a program that has loaded nothing else.
 *
 * It imports nothing itself, not even the code that the other measured processes share, since whatever is loaded before the
 * window is missing from it.
 */
import type { ImportJob, Measurement } from './job.ts';

const { specifiers } = JSON.parse(process.argv[2] ?? '') as ImportJob;

const cpuAtStart = process.cpuUsage();
const start = process.hrtime.bigint();
for (const specifier of specifiers) await import(specifier);
const wallMicros = Number(process.hrtime.bigint() - start) / 1000;
const cpu = process.cpuUsage(cpuAtStart);

const measurement: Measurement = { requests: 1, userMicros: cpu.user, systemMicros: cpu.system, wallMicros };
process.stdout.write(`${JSON.stringify(measurement)}\n`, () => process.exit(0));
