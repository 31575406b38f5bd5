/** What the pool sends again by itself, on another connection. */
import { ConnectionPool, type DispatchContext } from '@x/httpcore';
import { startServer } from '@x/testbed';
import { expect, it } from 'vitest';

it('sends an iterable again that begins anew each time, if it is told so', async () => {
  await using server = await startServer('closing', { after: 1, how: 'on-next-request' });
  await using pool = new ConnectionPool();
  let opened = 0;
  const body: AsyncIterable<Uint8Array> = {
    async *[Symbol.asyncIterator]() {
      opened += 1;
      yield Buffer.from('x');
      yield Buffer.from('y');
    },
  };
  const put = async (context: DispatchContext): Promise<number> => {
    const [, status, , , answer] = await pool.dispatch(
      'PUT',
      ['http', '127.0.0.1', server.port, '/'],
      [['content-length', '2']],
      body,
      undefined,
      context,
    );
    await answer.bytes();
    return status;
  };
  expect([await put({}), await put({ replayableBody: true })]).toEqual([200, 200]);
  expect(opened).toBe(3);
  await expect(put({ replayableBody: false })).rejects.toMatchObject({ name: 'ReadError', connectionReused: true });
  await expect(put({ replayableBody: 1 as never })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});
