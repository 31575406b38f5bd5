/** What tests of code that uses the client need. */
export { mockClient } from './mock-client.ts';
export { mock, UnmatchedRequest, type Mock } from './mock.ts';
export type { MockAnswer, MockCall, MockResponse, MockRoute, MockRouteOptions } from './mock-route.ts';
export type { UrlPattern } from './url-pattern.ts';
export type { Application, ApplicationAnswer, ApplicationBody, ApplicationRequest, ApplicationResponse } from '@x/httpcore';
