/** A mock fails with what its handler throws: a failed assertion is the test's own, and no failure of a network that would be tried again. */
import { mockDispatcher, ReadError, type Application, type Dispatcher } from '@x/httpcore';

/** As `mockDispatcher`, which tells what is thrown as the `cause` of a `ReadError`. Errors of the core pass as they are there too. */
export function throwingDispatcher(application: Application): Dispatcher {
  const dispatcher = mockDispatcher(application);
  return {
    async dispatch(...request) {
      try {
        return await dispatcher.dispatch(...request);
      } catch (error) {
        throw error instanceof ReadError && error.code === 'HANDLER_FAILED' ? error.cause : error;
      }
    },
    close: () => dispatcher.close(),
    [Symbol.asyncDispose]: () => dispatcher.close(),
  };
}
