export { pac, type Pac, type PacOptions, type PacSourceInput } from './pac.ts';
export { PacError } from './pac-errors.ts';
export { systemProxy, type SystemProxy, type SystemProxyOptions } from './system/system-proxy.ts';
