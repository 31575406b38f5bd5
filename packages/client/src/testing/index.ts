/** What tests of code that uses the client need. */
export { mockClient } from './mock-client.ts';
export type { Application, ApplicationAnswer, ApplicationBody, ApplicationRequest, ApplicationResponse } from '@x/httpcore';
