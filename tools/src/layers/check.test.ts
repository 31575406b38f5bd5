import { describe, expect, it } from 'vitest';
import { checkLayers, importsOf } from './check.ts';
import { modulesOfTests } from './modules-of-tests.ts';
import { layers } from './table.ts';

const rules = { layers, modulesOfTests };

/** What the real table says to one file with one import. */
function check(file: string, source: string): string[] {
  return checkLayers(new Map([[file, source]]), rules).map(({ message }) => message);
}

const core = 'packages/httpcore/src';
const client = 'packages/client/src';

describe('the table of layers refuses', () => {
  it.each([
    [
      'http1 meets http2',
      `${core}/protocol/http1/engine.ts`,
      '../http2/engine.ts',
      'core/protocol/http1 must not import core/protocol/http2',
    ],
    [
      'http2 meets http1',
      `${core}/protocol/http2/engine.ts`,
      '../http1/engine.ts',
      'core/protocol/http2 must not import core/protocol/http1',
    ],
    ['a protocol has a socket', `${core}/protocol/http1/engine.ts`, 'node:net', 'must not import node:net at run time'],
    ['a protocol has a timer', `${core}/protocol/http1/engine.ts`, '../../time/clock.ts', 'must not import core/time'],
    ['a connection opens sockets', `${core}/exchange/exchange.ts`, '../net/socket-transport.ts', 'must not import core/net ('],
    ['the pool knows a protocol', `${core}/pool/pool.ts`, '../protocol/http1/engine.ts', 'must not import core/protocol/http1'],
    [
      'the pool knows a connection by its protocol',
      `${core}/pool/pool.ts`,
      '../connection/http1-connection.ts',
      'must not import core/connection/http1',
    ],
    ['the pool imports TLS', `${core}/pool/pool.ts`, 'node:tls', 'must not import node:tls'],
    ['a dialer reaches up', `${core}/dial/dialer.ts`, '../pool/pool.ts', 'must not import core/pool'],
    ['a production file uses the test doubles', `${core}/pool/pool.ts`, '../testing/fake-clock.ts', 'must not import core/testing'],
    ['a production file imports a test', `${core}/pool/pool.ts`, './pool.test.ts', 'is a test'],
    ['a package imports an app', `${core}/pool/pool.ts`, '@x/bench', 'must not import @x/bench'],
    ['a package imports an app by path', `${core}/pool/pool.ts`, '../../../../apps/bench/src/main.ts', 'belongs to another package'],
    [
      'a client looks behind the entry',
      `${client}/routing/dispatch.ts`,
      '../../../httpcore/src/pool/pool.ts',
      'belongs to another package',
    ],
    [
      'a client looks behind the exports',
      `${client}/routing/dispatch.ts`,
      '@x/httpcore/src/pool/pool.ts',
      'must not import @x/httpcore/src/pool',
    ],
    ['a policy does I/O', `${client}/retries/retry-limits.ts`, 'node:fs', 'must not import node:fs'],
    ['routing opens sockets', `${client}/routing/mounts.ts`, 'node:net', 'must not import node:net'],
    ['auth sends', `${client}/auth/bearer.ts`, '../routing/dispatch.ts', 'must not import client/routing'],
    ['cookies read files', `${client}/cookies/cookie-jar.ts`, 'node:fs/promises', 'must not import node:fs/promises'],
    ['decoding opens sockets', `${client}/decoding/decoded-body.ts`, 'node:net', 'must not import node:net'],
    ['features meet', `${client}/retries/retry-interceptor.ts`, '../redirects/redirect-policy.ts', 'must not import client/redirects'],
    ['an exchange names a connection', `${core}/exchange/exchange.ts`, '../connection/connection.ts', 'must not import core/connection'],
    ['the testbed needs the client', 'packages/testbed/src/index.ts', '@x/client', 'must not import @x/client'],
    ['an unknown dependency', `${core}/pool/pool.ts`, 'lodash', 'must not import lodash'],
  ])('%s', (_, file, specifier, message) => {
    expect(check(file, `import { x } from '${specifier}';`)).toEqual([expect.stringContaining(message)]);
    expect(check(file, `export { x } from '${specifier}';`)).toEqual([expect.stringContaining(message)]);
    expect(check(file, `const x = await import('${specifier}');`)).toEqual([expect.stringContaining(message)]);
  });

  it('an import whose target is computed', () => {
    expect(check(`${core}/pool/pool.ts`, 'await import(`./${name}.ts`);')).toHaveLength(1);
  });

  it('a folder without a row', () => {
    expect(check(`${core}/helpers/strings.ts`, '')).toEqual([expect.stringContaining('no layer holds this file')]);
  });

  it('a test that looks behind the entry of another package', () => {
    const file = 'packages/client/test/integration/send.test.ts';
    expect(check(file, "import { x } from '../../../httpcore/src/pool/pool.ts';")).toHaveLength(1);
    expect(check(file, "import { x } from '@x/bench';")).toHaveLength(1);
    expect(check(file, "import { x } from '@x/testbed'; import { y } from '../../src/routing/dispatch.ts';")).toEqual([]);
  });

  it('a row that names one below it', () => {
    const rows = [
      { layer: 'low', files: ['packages/a/src/low/'], imports: ['high'] },
      { layer: 'high', files: ['packages/a/src/high/'], imports: ['low'] },
    ];
    expect(checkLayers(new Map(), { layers: rows, modulesOfTests }).map(({ message }) => message)).toEqual([
      'low names high, which is no row above it',
    ]);
  });
});

describe('the table of layers allows', () => {
  it.each([
    ['downwards', `${core}/pool/pool.ts`, "import { Aborted } from '../contract/errors.ts';"],
    ['types where only types are named', `${core}/model/pool-options.ts`, "import type { LookupFunction } from 'node:net';"],
    ['inline types, too', `${core}/model/pool-options.ts`, "import { type LookupFunction } from 'node:net';"],
    ['the net its sockets', `${core}/net/socket-transport.ts`, "import net from 'node:net';"],
    ['parts of one feature', `${client}/auth/auth-interceptor.ts`, "import { x } from './digest/digest.ts';"],
    ['words in comments and strings', `${core}/pool/pool.ts`, "// import x from 'lodash';\nconst y = \"import x from 'lodash'\";"],
  ])('%s', (_, file, source) => {
    expect(check(file, source)).toEqual([]);
  });

  it('but not a value beside the types', () => {
    expect(check(`${core}/model/pool-options.ts`, "import { type LookupFunction, connect } from 'node:net';")).toHaveLength(1);
  });
});

it('finds every form of import, with its line', () => {
  const source =
    "import a from 'a';\nimport type { B } from 'b';\nexport * from 'c';\nimport 'd';\nexport type { E } from 'e';\nvoid import('f');\nlet g: import('g').G;";
  expect(importsOf('x.ts', source)).toEqual([
    { specifier: 'a', isType: false, line: 1 },
    { specifier: 'b', isType: true, line: 2 },
    { specifier: 'd', isType: false, line: 4 },
    { specifier: 'c', isType: false, line: 3 },
    { specifier: 'e', isType: true, line: 5 },
    { specifier: 'f', isType: false, line: 6 },
    { specifier: 'g', isType: true, line: 7 },
  ]);
});
