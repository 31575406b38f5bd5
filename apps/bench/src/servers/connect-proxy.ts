/**
 * A proxy that makes tunnels to one server, in a process of its own on the server's core. Who does not ask for a tunnel is taken
 * there all the same, so that those with a tunnel and those without have the same way, and differ in nothing but the tunnel. Says on stdout where
 * it listens, and ends when its stdin does, so that it can't be left behind.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

const END_OF_HEAD = '\r\n\r\n';
const port = Number(process.argv[2]);

function serve(client: Socket): void {
  client.on('error', () => {});
  client.once('data', (first: Buffer) => {
    const server = connect({ host: '127.0.0.1', port, noDelay: true });
    server.on('error', () => client.destroy());
    client.on('close', () => server.destroy());
    // Clients of ours send this head in one piece, and wait for the answer before they say more.
    const asksForTunnel = first.toString('latin1').startsWith('CONNECT ') && first.toString('latin1').endsWith(END_OF_HEAD);
    if (asksForTunnel) client.write('HTTP/1.1 200 OK\r\n\r\n');
    else server.write(first);
    client.pipe(server);
    server.pipe(client);
  });
}

const proxy = createServer({ noDelay: true }, serve);
proxy.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  process.stdout.write(`${(proxy.address() as AddressInfo).port}\n`);
});
process.stdin.once('close', () => process.exit(0)).resume();
