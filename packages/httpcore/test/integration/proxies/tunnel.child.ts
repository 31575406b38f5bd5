/** Makes one request by each proxy of the command line, keeps the connections, and says what it got. Its idle tunnels must not keep it alive. */
import { readFileSync } from 'node:fs';

import { ConnectionPool, Proxy } from '../../../src/index.ts';

const [caFile = '', port = '', ...proxies] = process.argv.slice(2);
const ca = readFileSync(caFile, 'utf8');
const statuses = await Promise.all(
  proxies.map(async (url) => {
    const pool = new ConnectionPool({ proxy: new Proxy(url, url.startsWith('https') ? { tls: { ca } } : {}), tls: { ca } });
    const [, status, , , body] = await pool.dispatch('GET', ['https', '127.0.0.1', Number(port), '/'], [], null);
    await body.bytes();
    return status;
  }),
);
process.stdout.write(`${statuses.join(' ')}\n`);
