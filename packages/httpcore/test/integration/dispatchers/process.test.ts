import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const entry = new URL('../../../src/index.ts', import.meta.url).href;
const root = fileURLToPath(new URL('../../../../..', import.meta.url));

/** What a program prints that has nothing but a dispatcher to live for. */
async function outputOf(program: string): Promise<string> {
  const script = `import { fetchHandlerDispatcher, mockDispatcher, nodeHandlerDispatcher } from ${JSON.stringify(entry)}; ${program}`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    cwd: root,
  });
  return stdout;
}

describe('a program lives as long as its exchanges', () => {
  test.each(['mockDispatcher', 'fetchHandlerDispatcher', 'nodeHandlerDispatcher'])(
    '%s: a limit is told when nothing else is left',
    async (name) => {
      const output = await outputOf(`
      const dispatcher = ${name}(() => new Promise(() => {}));
      await dispatcher.dispatch('GET', ['http', 'app.test', null, '/'], [], null, [null, 50, null, null]).catch(({ code }) => console.log(code));
    `);
      expect(output).toBe('READ_TIMEOUT\n');
    },
  );

  test('and no longer: dispatchers that are not closed hold nothing', async () => {
    const output = await outputOf(`
      const dispatchers = [
        mockDispatcher(() => ({ status: 200, body: 'mock' })),
        fetchHandlerDispatcher(() => new Response('fetch')),
        nodeHandlerDispatcher((request, response) => response.end('node')),
      ];
      for (const dispatcher of dispatchers) {
        const [, , , , body] = await dispatcher.dispatch('GET', ['http', 'app.test', null, '/'], [], null);
        console.log(Buffer.from(await body.bytes()).toString());
      }
    `);
    expect(output).toBe('mock\nfetch\nnode\n');
  });
});
