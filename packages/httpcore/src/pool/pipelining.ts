import type { Connection } from '../connection/connection.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { isPipelinable } from '../exchange/pipelinable.ts';

/** Does a connection that has capacity take this exchange? One that pipelines takes behind others only what can be pipelined. */
export function takes(connection: Connection, exchange: Exchange, now: number): boolean {
  if (connection.takesBehind === undefined || connection.active === 0) return true;
  return connection.takesBehind(now) && isPipelinable(exchange);
}
