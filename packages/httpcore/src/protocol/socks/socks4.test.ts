import { describe, expect, it } from 'vitest';

import { hex, octets, transcriptOf, transcriptOfEverySplit, type Scenario } from '../../../test/support/socks/transcript.ts';

const scenario: Scenario = { version: '4', host: '203.0.113.5' };
const request = 'send 04 01 01 bb cb 00 71 05 00';
const granted = '00 5a 00 00 00 00 00 00';

describe('SOCKS4', () => {
  it('asks, and has a tunnel', () => {
    expect(transcriptOfEverySplit(granted, scenario)).toEqual({ events: [request, 'established'], tunnel: '', errors: [] });
  });

  it('takes the rest after the reply as the first bytes of the tunnel, and does not look at the address', () => {
    const { events, tunnel } = transcriptOfEverySplit('00 5a ff ff ff ff ff ff "220 ready"', scenario);
    expect(events).toEqual([request, 'established']);
    expect(tunnel).toBe(hex('220 ready'));
  });

  it.each([
    ['the address', { version: '4' }, '192.0.2.1', '04 01 01 bb c0 00 02 01 00'],
    ['the user', { version: '4', credentials: { user: 'sömeone', password: '' } }, '192.0.2.1', '04 01 01 bb c0 00 02 01 "sömeone" 00'],
    ['the name in SOCKS4a', { version: '4a' }, 'example.com', '04 01 01 bb 00 00 00 01 00 "example.com" 00'],
    [
      'user and name in SOCKS4a',
      { version: '4a', credentials: { user: 'u', password: '' } },
      'example.com',
      '04 01 01 bb 00 00 00 01 "u" 00 "example.com" 00',
    ],
    ['an address in SOCKS4a', { version: '4a' }, '192.0.2.1', '04 01 01 bb c0 00 02 01 00'],
    ['the address 0.0.0.0', { version: '4a' }, '0.0.0.0', '04 01 01 bb 00 00 00 00 00'],
  ] as const)('sends %s', (_what, given, host, message) => {
    const { events } = transcriptOfEverySplit(granted, { ...given, host });
    expect(events).toEqual([`send ${hex(octets(message))}`, 'established']);
  });

  it('asks in the same way under both versions', () => {
    expect(transcriptOfEverySplit(granted, { ...scenario, version: '4a' }).events).toEqual([request, 'established']);
  });
});

describe('a SOCKS4 proxy that says no', () => {
  it.each([
    [91, 'request rejected or failed'],
    [92, 'it could not reach identd on our side'],
    [93, 'identd on our side names another user'],
    [0, 'for a reason of its own'],
    [94, 'for a reason of its own'],
  ])('with reply %i is quoted', (reply, meaning) => {
    const code = reply.toString(16).padStart(2, '0');
    const { events, errors } = transcriptOfEverySplit(`00 ${code} 00 00 00 00 00 00`, scenario);
    expect(events).toEqual([request, `failed PROXY_REFUSED ${reply}`]);
    expect(errors[0]).toMatchObject({
      name: 'ProxyError',
      phase: 'proxy',
      message: `The SOCKS4 proxy refused: ${meaning} (reply ${reply})`,
    });
  });

  it('and leaves before the end of its reply has still said it', () => {
    expect(transcriptOfEverySplit('00 5b', { ...scenario, ended: true }).events.at(-1)).toBe('failed PROXY_REFUSED 91');
  });
});

describe('a SOCKS4 proxy', () => {
  it.each([
    ['of another version', '05 5a', 5],
    ['that repeats the version of the request', '04 5a', 4],
    ['that is something else', '"SSH-2.0-x\r\n"', 83],
  ])('%s breaks the protocol', (_what, received, first) => {
    const { events, errors } = transcriptOfEverySplit(received, scenario);
    expect(events).toEqual([request, 'failed PROXY_PROTOCOL undefined']);
    expect(errors[0]!.message).toContain(`begins with 0, this one with ${first}`);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('that leaves after %i octets has closed the connection', (length) => {
    const { events } = transcriptOfEverySplit(hex(octets(granted).subarray(0, length)), { ...scenario, ended: true });
    expect(events).toEqual([request, 'failed PROXY_CLOSED undefined']);
  });

  it('is asked for nothing that it can not carry', () => {
    const asking = (version: '4' | '4a', host: string) => (): unknown => transcriptOf([], { version, host });
    const invalid = (part: string): unknown =>
      expect.objectContaining({ name: 'LocalProtocolError', code: 'INVALID_HOST', message: expect.stringContaining(part) as string });
    expect(asking('4', 'example.com')).toThrow(invalid('SOCKS4 takes no names'));
    expect(asking('4', '2001:db8::1')).toThrow(invalid('SOCKS4 has no IPv6'));
    expect(asking('4a', '2001:db8::1')).toThrow(invalid('SOCKS4a has no IPv6'));
    expect(asking('4a', '0.0.0.1')).toThrow(invalid('0.0.0.1 to 0.0.0.255'));
    expect(asking('4', '0.0.0.255')).toThrow(invalid('0.0.0.1 to 0.0.0.255'));
  });
});
