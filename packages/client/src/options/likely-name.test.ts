import { describe, expect, it } from 'vitest';

import { likelyName } from './likely-name.ts';

const call = ['headers', 'params', 'json', 'form', 'body', 'files', 'timeout', 'signal', 'retries', 'followRedirects', 'auth', 'cookies'];
const client = [...call, 'baseUrl', 'tls', 'proxy', 'interceptors', 'dispatcher'];

describe('the likely name', () => {
  it.each([
    ['searchParams', 'did you mean "params"?'],
    ['query', 'did you mean "params"?'],
    ['data', 'did you mean "json", "form" or "body"?'],
    ['Headers', 'did you mean "headers"?'],
    ['header', 'did you mean "headers"?'],
    ['haeders', 'did you mean "headers"?'],
    ['headesr', 'did you mean "headers"?'],
    ['time_out', 'did you mean "timeout"?'],
    ['timeouts', 'did you mean "timeout"?'],
    ['retry', 'did you mean "retries"?'],
    ['follow_redirects', 'did you mean "followRedirects"?'],
    ['JSON', 'did you mean "json"?'],
    ['responseType', 'the response is read as what it is wanted as: response.json(), text(), bytes(), or client.stream()'],
  ])('of %s', (given, said) => {
    expect(likelyName(given, call)).toBe(said);
  });

  it('is one that is known there', () => {
    expect(likelyName('baseURL', client)).toBe('did you mean "baseUrl"?');
    expect(likelyName('prefixUrl', client)).toBe('did you mean "baseUrl"?');
    expect(likelyName('rejectUnauthorized', client)).toBe('did you mean "tls"?');
    expect(likelyName('prefixUrl', call)).toBeUndefined();
    expect(likelyName('data', ['headers', 'params'])).toBeUndefined();
    expect(likelyName('method', ['total', 'connect'])).toBeUndefined();
  });

  it.each(['name', 'id', 'x', '', 'constructor', '__proto__', 'a'.repeat(1_000)])('of %j is none', (given) => {
    expect(likelyName(given, call)).toBeUndefined();
  });
});
