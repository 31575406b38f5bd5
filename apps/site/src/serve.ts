/** Files of a folder over HTTP, to this machine alone. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

export interface Served extends AsyncDisposable {
  readonly origin: string;
}

/** @param port the one that is tried first; another where it is taken. */
export async function serveFolder(folder: string, port = 0): Promise<Served> {
  const server = createServer((request, response) => {
    void (async () => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      const path = normalize(decodeURIComponent(pathname));
      const names = path.endsWith('/') ? [`${path}index.html`] : [path, `${path}.html`];
      for (const name of names) {
        const content = await readFile(join(folder, name)).catch(() => undefined);
        if (content === undefined) continue;
        response.writeHead(200, { 'content-type': types[extname(name)] ?? 'application/octet-stream' }).end(content);
        return;
      }
      const missing = await readFile(join(folder, '404.html')).catch(() => 'Not found');
      response.writeHead(404, { 'content-type': 'text/html; charset=utf-8' }).end(missing);
    })().catch(() => response.writeHead(400).end());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE' || port === 0) throw error;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  const address = server.address() as { readonly port: number };
  return {
    origin: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
