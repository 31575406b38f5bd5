/** The largest rest of a response that is worth reading only to keep its connection. */
export const drainLimit = 65_536;
