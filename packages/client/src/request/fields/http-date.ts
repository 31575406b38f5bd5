/** HTTP dates (RFC 9110 §5.6.7): IMF-fixdate, and the two obsolete forms that a recipient has to take, too. */
const imfDate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const rfc850Date = /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}:\d{2}:\d{2}) GMT$/;
const asctimeDate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}:\d{2}:\d{2}) (\d{4})$/;

/** Unix time in milliseconds; `undefined` for what is no HTTP-date. */
export function parseHttpDate(text: string, now: number): number | undefined {
  const normal = normalDate(text, now);
  if (normal === undefined) return undefined;
  const time = Date.parse(normal);
  return Number.isNaN(time) ? undefined : time;
}

function normalDate(text: string, now: number): string | undefined {
  if (imfDate.test(text)) return text;
  const obsolete = rfc850Date.exec(text);
  if (obsolete !== null) {
    const [, day, month, shortYear, time] = obsolete;
    return `${day} ${month} ${fullYear(Number(shortYear), now)} ${time} GMT`;
  }
  const asctime = asctimeDate.exec(text);
  if (asctime === null) return undefined;
  const [, month, day, time, year] = asctime;
  return `${day!.trim()} ${month} ${year} ${time} GMT`;
}

/** RFC 9110 §5.6.7: a year that looks more than 50 years ahead is the last one before now with the same two digits. */
function fullYear(shortYear: number, now: number): number {
  const present = new Date(now).getUTCFullYear();
  const year = present - (present % 100) + shortYear;
  return year > present + 50 ? year - 100 : year;
}
