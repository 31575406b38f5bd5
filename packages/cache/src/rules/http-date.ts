/** HTTP dates (RFC 9110 §5.6.7): the three forms, letter case aside, and nothing else. */

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const month = `(${months.join('|')})`;
const time = '(\\d\\d):(\\d\\d):(\\d\\d)';

const fixdate = new RegExp(`^(?:mon|tue|wed|thu|fri|sat|sun), (\\d\\d) ${month} (\\d{4}) ${time} gmt$`, 'i');
const rfc850 = new RegExp(`^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (\\d\\d)-${month}-(\\d\\d) ${time} gmt$`, 'i');
const asctime = new RegExp(`^(?:mon|tue|wed|thu|fri|sat|sun) ${month} (\\d\\d| \\d) ${time} (\\d{4})$`, 'i');

// A server says the same for a second, and what it said last time for months.
const latest: { text: string; instant: number | undefined } = { text: '', instant: undefined };

/** Milliseconds since 1970; `undefined` for what is no date. `now` tells which century two digits of a year are of. */
export function parseHttpDate(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (text === latest.text) return latest.instant;
  let match = fixdate.exec(text);
  if (match !== null) {
    latest.instant = instant(match[3]!, match[2]!, match[1]!, match[4]!, match[5]!, match[6]!);
    latest.text = text;
    return latest.instant;
  }
  match = asctime.exec(text);
  if (match !== null) return instant(match[6]!, match[1]!, match[2]!, match[3]!, match[4]!, match[5]!);
  match = rfc850.exec(text);
  if (match === null) return undefined;
  return instant(String(fullYear(Number(match[3]), now)), match[2]!, match[1]!, match[4]!, match[5]!, match[6]!);
}

/** What seems to be more than 50 years in the future is of the past. */
function fullYear(digits: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + digits;
  return year > thisYear + 50 ? year - 100 : year;
}

function instant(year: string, monthName: string, day: string, hour: string, minute: string, second: string): number | undefined {
  const monthIndex = months.indexOf(monthName.toLowerCase());
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  const at = new Date(0);
  // `Date.UTC` takes the years 0 to 99 for those of the last century.
  at.setUTCFullYear(Number(year), monthIndex, Number(day));
  if (at.getUTCMonth() !== monthIndex) return undefined;
  at.setUTCHours(Number(hour), Number(minute), Number(second));
  return at.getTime();
}
