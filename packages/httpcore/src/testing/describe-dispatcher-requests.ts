import assert from 'node:assert/strict';

import type { HeaderPair } from '../contract/values.ts';
import type { Application } from '../in-process/application.ts';
import { ownFields, readText, type ConformanceCase, type ConformanceGroup, type DispatcherCapability } from './describe-dispatcher-case.ts';

interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly HeaderPair[];
}

/** Remembers what arrives. */
function recorder(): { readonly seen: SeenRequest[]; readonly application: Application } {
  const seen: SeenRequest[] = [];
  return {
    seen,
    application({ method, url, headers }) {
      seen.push({ method, target: url[3], headers });
      return { status: 200, body: 'ok' };
    },
  };
}

function targetCase(what: string, needs: DispatcherCapability, method: string, target: string): ConformanceCase {
  return {
    name: `arrive ${what}`,
    needs,
    async run(reachFor) {
      const { seen, application } = recorder();
      const reach = await reachFor(application);
      const [, , , , body] = await reach.send({ method, target });
      await body.close();
      assert.deepEqual(
        seen.map((request) => [request.method, request.target]),
        [[method, target]],
      );
    },
  };
}

/** What arrives at the application. */
export const requests: ConformanceGroup = {
  title: 'requests',
  cases: [
    {
      name: 'arrive with their method',
      async run(reachFor) {
        const { seen, application } = recorder();
        const reach = await reachFor(application);
        const methods = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND'];
        for (const method of methods) {
          const [, , , , body] = await reach.send({ method });
          assert.equal(await readText(body), 'ok');
        }
        assert.deepEqual(
          seen.map(({ method }) => method),
          methods,
        );
      },
    },
    {
      name: 'arrive with their target as it was given',
      async run(reachFor) {
        const { seen, application } = recorder();
        const reach = await reachFor(application);
        const targets = ['/', '/a%2Fb%20c', '/a//b/', '/?', '/p;v=1?a=1&a=2&b', '/%E2%82%AC?q=%00'];
        for (const target of targets) {
          const [, , , , body] = await reach.send({ target });
          await body.close();
        }
        // A URL object drops an empty query.
        assert.deepEqual(
          seen.map(({ target }) => target.replace(/\?$/, '')),
          targets.map((target) => target.replace(/\?$/, '')),
        );
      },
    },
    targetCase('with the target *', 'asteriskTarget', 'OPTIONS', '*'),
    targetCase('with an absolute URI for their target', 'absoluteTarget', 'GET', 'http://other.example/path?query'),
    targetCase('with the dot segments of their target', 'dotSegments', 'GET', '/a/../b/./c'),
    {
      name: 'arrive with their field values',
      async run(reachFor) {
        const { seen, application } = recorder();
        const reach = await reachFor(application);
        const pairs: HeaderPair[] = [
          ['x-empty', ''],
          ['x-latin', 'na\u00efve \u00a9'],
          ['x-long', 'a'.repeat(8_000)],
          ['x-marks', '"quoted", (comment); \t<angle> \\'],
        ];
        const [, , , , body] = await reach.send({ headers: pairs });
        await body.close();
        assert.deepEqual(new Map(ownFields(seen[0]!.headers)), new Map(pairs));
      },
    },
    {
      name: 'keep the letter case of field names',
      needs: 'fieldCase',
      async run(reachFor) {
        const { seen, application } = recorder();
        const reach = await reachFor(application);
        const [, , , , body] = await reach.send({
          headers: [
            ['X-CamelCase', '1'],
            ['x-lower', '2'],
          ],
        });
        await body.close();
        assert.deepEqual(ownFields(seen[0]!.headers), [
          ['X-CamelCase', '1'],
          ['x-lower', '2'],
        ]);
      },
    },
    {
      name: 'keep the order of fields, and duplicates apart',
      needs: 'requestFieldOrder',
      async run(reachFor) {
        const { seen, application } = recorder();
        const reach = await reachFor(application);
        const pairs: HeaderPair[] = [
          ['x-z', '1'],
          ['x-a', '2'],
          ['x-z', '3'],
          ['x-a', '2'],
        ];
        const [, , , , body] = await reach.send({ headers: pairs });
        await body.close();
        assert.deepEqual(ownFields(seen[0]!.headers), pairs);
      },
    },
    {
      name: 'are left as they were given',
      async run(reachFor) {
        const reach = await reachFor(() => ({ status: 200 }));
        const url = Object.freeze([...reach.origin, '/'] as const);
        const headers = Object.freeze([Object.freeze(['x-frozen', 'yes'] as const)]);
        const chunks = Object.freeze([new Uint8Array([1, 2, 3])]);
        const [, status, , , body] = await reach.dispatcher.dispatch(
          'POST',
          url,
          headers,
          chunks,
          Object.freeze([null, null, null, null]),
          Object.freeze({}),
        );
        await body.close();
        assert.equal(status, 200);
        assert.deepEqual([...chunks[0]!], [1, 2, 3]);
      },
    },
    {
      name: 'need neither timeouts nor a context',
      async run(reachFor) {
        const reach = await reachFor(() => ({ status: 200, body: 'ok' }));
        const [, , , , body] = await reach.dispatcher.dispatch('GET', [...reach.origin, '/'], [], null);
        assert.equal(await readText(body), 'ok');
      },
    },
  ],
};
