/** Asks a server, trusting the stores that are named: what the operating system trusts is read when a process starts. */
import { ConnectionPool } from '../../../src/index.ts';

const [origin = '', store = ''] = process.argv.slice(2);
const { hostname, port } = new URL(origin);
await using pool = new ConnectionPool({ tls: { ca: [store] } });
try {
  const [, status, , , body] = await pool.dispatch('GET', ['https', hostname, Number(port), '/'], [], null);
  await body.close();
  console.log(status);
} catch (error) {
  console.log((error as { code: string }).code);
}
