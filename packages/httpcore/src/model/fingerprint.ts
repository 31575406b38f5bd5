/** Whether two values that hold secrets are the same, without a way back to them. */
import { createHmac, randomBytes } from 'node:crypto';
import { isUint8Array } from 'node:util/types';

// Known to this process alone: a fingerprint tells values apart, and nobody what they are.
const fingerprintKey = randomBytes(32);

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

/** Text, numbers, bytes, lists and records without a prototype are compared by what they hold; of functions and other objects each is its own. */
export function fingerprint(value: unknown): string {
  const hmac = createHmac('sha256', fingerprintKey);
  add(hmac, value);
  return hmac.digest('base64url');
}

/** Each part says what it is and how long: no two values come to the same octets. */
function add(hmac: ReturnType<typeof createHmac>, value: unknown): void {
  if (typeof value === 'string') {
    hmac.update(`s${Buffer.byteLength(value)}:`).update(value);
  } else if (isUint8Array(value)) {
    hmac.update(`b${value.byteLength}:`).update(value);
  } else if (Array.isArray(value)) {
    hmac.update(`a${value.length}:`);
    for (const item of value as readonly unknown[]) add(hmac, item);
  } else if (isRecord(value)) {
    const names = Object.keys(value)
      .filter((name) => value[name] !== undefined)
      .toSorted();
    hmac.update(`r${names.length}:`);
    for (const name of names) {
      add(hmac, name);
      add(hmac, value[name]);
    }
  } else if ((typeof value === 'object' || typeof value === 'function') && value !== null) {
    hmac.update(`o${identityOf(value)}:`);
  } else {
    hmac.update(`v${typeof value} ${String(value)}:`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null;
}

function identityOf(value: object): number {
  const known = identities.get(value);
  if (known !== undefined) return known;
  lastIdentity += 1;
  identities.set(value, lastIdentity);
  return lastIdentity;
}
