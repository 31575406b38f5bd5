/** Dials `https://127.0.0.1` on each port of the command line, and prints how it went. */
import { connectTo } from './sockets.ts';

const results = await Promise.all(
  process.argv.slice(2).map(async (port) => {
    try {
      const transport = await connectTo({ scheme: 'https', port: Number(port) });
      transport.destroy();
      return 'connected';
    } catch (error) {
      return (error as { code: string }).code;
    }
  }),
);
process.stdout.write(`${results.join(' ')}\n`);
