import { describe, expect, it } from 'vitest';

import { MessageParts } from '../request/assemble.ts';
import { Request } from '../request/request.ts';
import { parseTarget } from '../request/url/target.ts';
import { parseJson } from './json.ts';

const request = new Request('GET', new MessageParts(parseTarget('http://a.example/?key=s3cret'), [], null, undefined));
const parse = (text: string | Uint8Array, type?: string, status = 200): unknown =>
  parseJson(Buffer.from(text), { request, status, rawHeaders: type === undefined ? [] : [['content-type', type]] });
function messageOf(text: string, type?: string, status?: number): string {
  try {
    parse(text, type, status);
  } catch (error) {
    return (error as Error).message;
  }
  return expect.fail('it is JSON');
}

describe('JSON', () => {
  it('is UTF-8, whatever the type says', () => {
    expect(parse('{"a":"ü"}', 'application/json; charset=iso-8859-1')).toEqual({ a: 'ü' });
    expect(parse('\ufeff{"a":"ü"}', 'application/json; charset=utf-16')).toEqual({ a: 'ü' });
    expect(parse(Uint8Array.from([0xff, 0xfe, 0x37, 0x00]))).toBe(7);
  });

  it('that is an HTML page is told by its type, its status and its beginning', () => {
    const page = '\n<!DOCTYPE html>\n<title>502 Bad Gateway</title><p>Try later';
    expect(messageOf(page, 'text/html; charset=utf-8', 502)).toBe(
      'The body is not JSON but "<!DOCTYPE html> <title>502 Bad Gateway</title><p>Try later" (status 502, text/html; charset=utf-8) (GET http://a.example/?key=[redacted])',
    );
  });

  it('shows no secrets of a page, and not much of it', () => {
    const message = messageOf(
      `<a href="http://u:p4ss@a.example/?token=s3cret&x=1">${'abcDEF123'.repeat(9)}</a> ${'word '.repeat(99)}`,
      'text/html',
    );
    expect(message).not.toMatch(/p4ss|s3cret|abcDEF123abc/);
    expect(message.length).toBeLessThan(220);
  });

  it('that is broken is told by its place, and not quoted', () => {
    expect(messageOf('{"password":"s3cret",}', 'application/json')).toMatch(
      /^The body is not JSON, at position \d+ of its 22 characters \(status 200, application\/json\)/,
    );
    expect(messageOf('plain s3cret')).toMatch(/^The body is not JSON.* of its 12 characters \(status 200, no Content-Type\)/);
    expect(messageOf('plain s3cret')).not.toContain('plain');
    expect(messageOf(' ', 'text/plain', 204)).toMatch(/^The body is empty, so it is not JSON \(status 204, text\/plain\)/);
  });
});
