/**
 * Is it a `FormData` of the platform? Its class is not asked for in vain: that loads all of the platform's `fetch`, which takes longer than the first
 * request of a program.
 */
export function isFormData(value: unknown): value is FormData {
  if (typeof value !== 'object' || value === null || !('getAll' in value) || value instanceof URLSearchParams) return false;
  // There are processes without the platform's `fetch`.
  return typeof FormData === 'function' && value instanceof FormData;
}
