/** Derives what is shown from what was measured. */
import type { Measurement } from '../child/job.ts';
import type { Contender } from '../contenders/registry.ts';
import type { SpeedResult } from './report.ts';
import { median, spread } from './statistics.ts';

export interface Row {
  readonly contender: Contender;
  /** Null when the contender failed before its first measurement. */
  readonly figures: Figures | null;
  readonly failure: string | null;
}

/** Medians over the rounds. */
export interface Figures {
  /** User and system time of the process, in the unit that the scenario names. */
  readonly cpu: number;
  /** In the unit that the scenario names. */
  readonly rate: number;
  /** CPU time as a multiple of the floor's; null for the floor itself, and where it was not measured. */
  readonly floorRatio: number | null;
  /** CPU time as a multiple of that of the reference of the same level; null where it does not apply. */
  readonly referenceRatio: number | null;
  /** How far the rounds lie apart in CPU time, as a part of the median. */
  readonly spread: number;
}

const MEBIBYTE = 1024 * 1024;

/** CPU microseconds per request of one window. */
export function cpuMicros({ userMicros, systemMicros, requests }: Measurement): number {
  return (userMicros + systemMicros) / requests;
}

/** Median CPU microseconds per request; null when nothing was measured. */
export function medianCpuMicros(result: SpeedResult, contenderId: string): number | null {
  return medianOver(result, contenderId, cpuMicros);
}

function medianOver(result: SpeedResult, contenderId: string, value: (measurement: Measurement) => number): number | null {
  const found = result.contenders.find(({ contender }) => contender.id === contenderId);
  return found === undefined || found.measurements.length === 0 ? null : median(found.measurements.map(value));
}

/** Median microseconds that passed per request; null when nothing was measured. */
export function medianWallMicros(result: SpeedResult, contenderId: string): number | null {
  return medianOver(result, contenderId, ({ wallMicros, requests }) => wallMicros / requests);
}

/** Median rate in the unit that the scenario names; null when nothing was measured. */
export function medianRate(result: SpeedResult, contenderId: string): number | null {
  return medianOver(result, contenderId, (measurement) => rate(measurement, result));
}

/** What a line of so many bits per second carries in MiB per second. */
export function mebibytesPerSecond(bitsPerSecond: number): number {
  return bitsPerSecond / 8 / MEBIBYTE;
}

/** One row per contender, in the order in which they were measured. */
export function summarise(result: SpeedResult): readonly Row[] {
  const { units, references } = result;
  const floor = references.floor === null ? null : medianCpuMicros(result, references.floor);
  return result.contenders.map(({ contender, measurements, failure }) => {
    if (measurements.length === 0) return { contender, figures: null, failure };
    const cpu = measurements.map(cpuMicros);
    const middle = median(cpu);
    const reference = contender.level === 'floor' ? null : medianCpuMicros(result, references[contender.level]);
    const figures: Figures = {
      cpu: units.cpu === 'ms' ? middle / 1000 : middle,
      rate: median(measurements.map((measurement) => rate(measurement, result))),
      floorRatio: floor === null || contender.id === references.floor ? null : middle / floor,
      referenceRatio: reference === null ? null : middle / reference,
      spread: spread(cpu),
    };
    return { contender, figures, failure };
  });
}

function rate({ requests, wallMicros }: Measurement, { units, bytesPerRequest }: SpeedResult): number {
  switch (units.rate) {
    case 'req/s':
      return (requests * 1e6) / wallMicros;
    case 'MiB/s':
      return (requests * bytesPerRequest * 1e6) / (wallMicros * MEBIBYTE);
    case 'wall ms':
      return wallMicros / requests / 1000;
  }
}
