/** How figures are written. */

const MISSING = '–';

/** Three significant digits, with separators from a thousand on: `0.152`, `8.43`, `12.3`, `1,234`. */
export function formatFigure(value: number | null): string {
  if (value === null) return MISSING;
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function formatRatio(value: number | null): string {
  return value === null ? MISSING : `${value.toFixed(2)} ×`;
}

/** `0.04` is `4 %`. */
export function formatShare(value: number): string {
  return `${Math.round(value * 100)} %`;
}

export function formatMebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
