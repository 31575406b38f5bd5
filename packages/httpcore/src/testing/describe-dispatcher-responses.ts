import assert from 'node:assert/strict';

import type { DuplexBody } from '../contract/dispatcher.ts';
import type { HeaderPair } from '../contract/values.ts';
import { Aborted, HttpCoreError, NetworkError, RemoteProtocolError } from '../contract/errors.ts';
import {
  assertRejects,
  bytesOf,
  gate,
  ownFields,
  readText,
  textOf,
  untilAborted,
  type ConformanceGroup,
} from './describe-dispatcher-case.ts';

/** The head: what comes back, and when. */
export const responses: ConformanceGroup = {
  title: 'responses',
  cases: [
    {
      name: 'are tuples of version, status, reason, headers and body',
      async run(reachFor) {
        const reach = await reachFor(() => ({ status: 201, reason: 'Made', headers: [['X-Made', 'yes']], body: 'made' }));
        const response = await reach.send();
        assert.equal(response.length, 5);
        const [version, status, reason, headers, body] = response;
        assert.match(version, /^(?:1\.0|1\.1|2|3)$/);
        assert.equal(status, 201);
        assert.equal(typeof reason, 'string');
        for (const pair of headers) {
          assert.equal(pair.length, 2);
          assert.deepEqual(
            pair.map((part) => typeof part),
            ['string', 'string'],
          );
        }
        assert.deepEqual(
          ownFields(headers).map(([name, value]) => [name.toLowerCase(), value]),
          [['x-made', 'yes']],
        );
        assert.equal(await readText(body), 'made');
      },
    },
    {
      name: 'have the reason phrase of the application',
      needs: 'reason',
      async run(reachFor) {
        const reach = await reachFor(() => ({ status: 200, reason: 'Quite Fine' }));
        const [, , reason, , body] = await reach.send();
        await body.close();
        assert.equal(reason, 'Quite Fine');
      },
    },
    {
      name: 'have any final status',
      async run(reachFor) {
        const statuses = [200, 226, 299, 300, 308, 400, 404, 418, 451, 499, 500, 503, 599];
        const reach = await reachFor(({ url }) => ({ status: Number(url[3].slice(1)), body: 'x' }));
        const got: number[] = [];
        for (const status of statuses) {
          const [, each, , , body] = await reach.send({ target: `/${status}` });
          assert.equal(await readText(body), 'x');
          got.push(each);
        }
        assert.deepEqual(got, statuses);
      },
    },
    {
      name: 'keep the letter case of field names',
      needs: 'fieldCase',
      async run(reachFor) {
        const reach = await reachFor(() => ({
          status: 200,
          headers: [
            ['X-CamelCase', 'a'],
            ['x-lower', 'b'],
            ['X-UPPER', 'c'],
          ],
        }));
        const [, , , headers, body] = await reach.send();
        await body.close();
        assert.deepEqual(
          ownFields(headers)
            .map(([name]) => name)
            .sort(),
          ['X-CamelCase', 'X-UPPER', 'x-lower'],
        );
      },
    },
    {
      name: 'keep the order of fields, and duplicates apart',
      needs: 'responseFieldOrder',
      async run(reachFor) {
        const pairs: HeaderPair[] = [
          ['x-z', '1'],
          ['x-a', '2'],
          ['x-z', '3'],
          ['x-m', ''],
          ['x-a', '2'],
        ];
        const reach = await reachFor(() => ({ status: 200, headers: pairs }));
        const [, , , headers, body] = await reach.send();
        await body.close();
        assert.deepEqual(ownFields(headers), pairs);
      },
    },
    {
      name: 'keep several Set-Cookie apart',
      async run(reachFor) {
        const cookies = ['a=1; Path=/', 'b=2; Expires=Wed, 21 Oct 2099 07:28:00 GMT', 'a=3'];
        const reach = await reachFor(() => ({ status: 200, headers: cookies.map((cookie): HeaderPair => ['Set-Cookie', cookie]) }));
        const [, , , headers, body] = await reach.send();
        await body.close();
        assert.deepEqual(
          headers.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value),
          cookies,
        );
      },
    },
    {
      name: 'have field values in Latin-1',
      async run(reachFor) {
        const reach = await reachFor(() => ({ status: 200, headers: [['x-latin', 'caf\u00e9 \u00ff']] }));
        const [, , , headers, body] = await reach.send();
        await body.close();
        assert.deepEqual(ownFields(headers), [['x-latin', 'caf\u00e9 \u00ff']]);
      },
    },
    {
      name: 'to HEAD have no body, and the Content-Length that GET would have',
      async run(reachFor) {
        const reach = await reachFor(({ method }) => ({
          status: 200,
          headers: [['content-length', '5']],
          body: method === 'HEAD' ? null : 'hello',
        }));
        for (const method of ['HEAD', 'GET', 'HEAD', 'HEAD', 'GET']) {
          const [, , , headers, body] = await reach.send({ method });
          assert.equal(headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1], '5');
          assert.equal(await readText(body), method === 'HEAD' ? '' : 'hello');
          assert.deepEqual(body.trailers, []);
        }
      },
    },
    {
      name: 'with 204 and 304 have no body',
      async run(reachFor) {
        const reach = await reachFor(({ url }) => ({ status: Number(url[3].slice(1)), headers: [['x-empty', 'yes']] }));
        for (const expected of [204, 304, 204]) {
          const [, status, , headers, body] = await reach.send({ target: `/${expected}` });
          assert.equal(status, expected);
          assert.equal(ownFields(headers).length, 1);
          const chunks: Uint8Array[] = [];
          for await (const chunk of body) chunks.push(chunk);
          assert.deepEqual(chunks, []);
          assert.deepEqual(body.trailers, []);
        }
      },
    },
    {
      name: 'come with their head, before their body is there',
      async run(reachFor) {
        const rest = gate();
        const reach = await reachFor(() => ({
          status: 200,
          body: (async function* () {
            yield bytesOf('first,');
            await rest.opened;
            yield bytesOf('rest');
          })(),
        }));
        const [, status, , , body] = await reach.send();
        assert.equal(status, 200);
        const chunks = body[Symbol.asyncIterator]();
        const first = await chunks.next();
        assert.equal(first.done, false);
        rest.open();
        let text = textOf(first.value);
        for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) text += textOf(next.value);
        assert.equal(text, 'first,rest');
      },
    },
    {
      name: 'that never begin, because the application failed, are errors',
      async run(reachFor) {
        const reach = await reachFor(() => {
          throw new Error('out of order');
        });
        const error = await assertRejects(reach.send({ method: 'POST' }), [NetworkError, RemoteProtocolError]);
        assert.equal(error.requestSent, true);
        assert.equal(error.method, 'POST');
      },
    },
    {
      name: 'may follow informational ones, which onInformational is told',
      needs: 'informational',
      async run(reachFor) {
        const seen: [number, HeaderPair[]][] = [];
        const reach = await reachFor(({ inform }) => {
          inform(103, [['link', '</style.css>; rel=preload']]);
          inform(103, [
            ['link', '</script.js>; rel=preload'],
            ['x-hint', '2'],
          ]);
          return { status: 200, body: 'final' };
        });
        const [, status, , , body] = await reach.send({
          context: {
            onInformational: (informational, _reason, headers) =>
              seen.push([informational, headers.map(([name, value]) => [name.toLowerCase(), value])]),
          },
        });
        assert.equal(status, 200);
        assert.equal(await readText(body), 'final');
        assert.deepEqual(seen, [
          [103, [['link', '</style.css>; rel=preload']]],
          [
            103,
            [
              ['link', '</script.js>; rel=preload'],
              ['x-hint', '2'],
            ],
          ],
        ]);
      },
    },
    {
      name: 'are not waited for any more where onInformational fails, now or later',
      needs: 'informational',
      async run(reachFor) {
        const reach = await reachFor(({ inform, signal }) => {
          inform(103, [['link', '</style.css>; rel=preload']]);
          return {
            status: 200,
            body: (async function* () {
              yield bytesOf('begun');
              await untilAborted(signal).catch(() => {});
            })(),
          };
        });
        const fault = new Error('no hints wanted');
        const now = (): never => {
          throw fault;
        };
        // As types allow it.
        const later = async (): Promise<never> => {
          await Promise.resolve();
          throw fault;
        };
        for (const fail of [now, later]) {
          const told: number[] = [];
          const onInformational = ((informational: number) => {
            told.push(informational);
            return fail();
          }) as () => never;
          const sending = reach.send({ context: { onInformational } });
          const reading = sending.then(async ([, , , , body]) => {
            const chunks = body[Symbol.asyncIterator]();
            let { done } = await chunks.next();
            // Where nobody was told, nothing fails either.
            while (told.length > 0 && done !== true) ({ done } = await chunks.next());
            await body.close();
          });
          const error = await assertRejects(reading, Aborted, 'OBSERVER_FAILED');
          assert.equal(error.cause, fault);
        }
      },
    },
    {
      name: 'come in spite of informational ones that nobody listens to',
      async run(reachFor) {
        const reach = await reachFor(({ inform }) => {
          inform(103, [['link', '</style.css>; rel=preload']]);
          return { status: 200, body: 'final' };
        });
        const [, status, , , body] = await reach.send();
        assert.equal(status, 200);
        assert.equal(await readText(body), 'final');
      },
    },
    {
      name: 'that switch protocols have a body to write to',
      needs: 'upgrades',
      async run(reachFor) {
        const reach = await reachFor(() => ({
          status: 101,
          headers: [
            ['connection', 'upgrade'],
            ['upgrade', 'echo'],
          ],
          tunnel: async function* (incoming) {
            yield bytesOf('hello ');
            for await (const chunk of incoming) yield bytesOf(textOf(chunk).toUpperCase());
          },
        }));
        const [, status, , , body] = await reach.send({
          headers: [
            ['connection', 'upgrade'],
            ['upgrade', 'echo'],
          ],
        });
        assert.equal(status, 101);
        const tunnel = body as DuplexBody;
        const chunks = tunnel[Symbol.asyncIterator]();
        const readLength = async (length: number): Promise<string> => {
          let text = '';
          while (text.length < length) {
            const next = await chunks.next();
            assert.ok(next.done !== true);
            text += textOf(next.value);
          }
          return text;
        };
        assert.equal(await readLength(6), 'hello ');
        await tunnel.write(bytesOf('ping'));
        assert.equal(await readLength(4), 'PING');
        await tunnel.write(bytesOf('pong'));
        assert.equal(await readLength(4), 'PONG');
        await tunnel.end();
        assert.equal((await chunks.next()).done, true);
        await assertRejects(tunnel.write(bytesOf('late')), HttpCoreError);
      },
    },
  ],
};
