/** What tests of code that uses the client need. */
export type {
  Har,
  HarContent,
  HarCookie,
  HarEntry,
  HarFailure,
  HarInformational,
  HarLog,
  HarPair,
  HarPostData,
  HarRequest,
  HarResponse,
  HarTimings,
} from '../har/har.ts';
export type { MaskOptions } from '../har/mask.ts';
export { toHar, type ToHarOptions } from '../har/to-har.ts';
export { toCurl, type ToCurlOptions } from '../curl/to-curl.ts';
export { record } from '../recording/record.ts';
export type { MatchOptions } from '../recording/matching.ts';
export type { Recorder } from '../recording/recorder.ts';
export type { RecordMode, RecordOptions } from '../recording/recorder-settings.ts';
export { UnrecordedRequest } from '../recording/recording-errors.ts';
export { mockClient } from './mock-client.ts';
export { mock, UnmatchedRequest, type Mock } from './mock.ts';
export type { MockAnswer, MockCall, MockResponse, MockRoute, MockRouteOptions } from './mock-route.ts';
export type { UrlPattern } from './url-pattern.ts';
export type { Application, ApplicationAnswer, ApplicationBody, ApplicationRequest, ApplicationResponse } from '@x/httpcore';
