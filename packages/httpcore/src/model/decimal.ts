const longest = 15;

/**
 * What `Number` makes of a string of digits. `Number` looks for every notation there is, and costs ten times as much for a string it has
 * not met before: each response brings its own.
 */
export function decimal(digits: string): number {
  const { length } = digits;
  if (length === 0 || length > longest) return Number(digits);
  let value = 0;
  for (let index = 0; index < length; index += 1) {
    const digit = digits.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return Number(digits);
    value = value * 10 + digit;
  }
  return value;
}
