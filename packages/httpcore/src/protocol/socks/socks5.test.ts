import { describe, expect, it } from 'vitest';

import { hex, octets, transcriptOf, transcriptOfEverySplit } from '../../../test/support/socks/transcript.ts';

const version = '5';
const credentials = { user: 'someone', password: 'hunter2' };
const greeting = 'send 05 01 00';
const greetingWithCredentials = 'send 05 02 00 02';
const authentication = `send ${hex(octets('01 07 "someone" 07 "hunter2"'))}`;
const request = `send ${hex(octets('05 01 00 03 0b "example.com" 01 bb'))}`;
const accepted = '05 00 ';
const granted = '05 00 00 01 00 00 00 00 00 00';

describe('SOCKS5', () => {
  it('greets, asks, and has a tunnel', () => {
    expect(transcriptOfEverySplit(accepted + granted, { version })).toEqual({
      events: [greeting, request, 'established'],
      tunnel: '',
      errors: [],
    });
  });

  it('sends user and password where the proxy asks for them', () => {
    const { events } = transcriptOfEverySplit(`05 02 01 00 ${granted}`, { version, credentials });
    expect(events).toEqual([greetingWithCredentials, authentication, request, 'established']);
  });

  it('keeps them to itself where it does not', () => {
    const { events } = transcriptOfEverySplit(accepted + granted, { version, credentials });
    expect(events).toEqual([greetingWithCredentials, request, 'established']);
  });

  it('waits for each answer before the next message', () => {
    const sent = (received: string): readonly string[] => transcriptOf([octets(received)], { version, credentials }).events;
    expect(sent('')).toEqual([greetingWithCredentials]);
    expect(sent('05')).toEqual([greetingWithCredentials]);
    expect(sent('05 02')).toEqual([greetingWithCredentials, authentication]);
    expect(sent('05 02 01')).toEqual([greetingWithCredentials, authentication]);
    expect(sent('05 02 01 00')).toEqual([greetingWithCredentials, authentication, request]);
    expect(sent('05 02 01 00 05 00 00 01 7f 00 00 01 00')).toEqual([greetingWithCredentials, authentication, request]);
  });

  it.each([
    ['IPv4', '01 cb 00 71 05 1f 90'],
    ['IPv6', '04 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01 1f 90'],
    ['a name', '03 09 "localhost" 1f 90'],
    ['an empty name', '03 00 1f 90'],
    ['the longest name', `03 ff ${'61 '.repeat(255)} 1f 90`],
  ])('takes the rest after a reply with %s as the first bytes of the tunnel', (_kind, address) => {
    const { events, tunnel } = transcriptOfEverySplit(`${accepted} 05 00 00 ${address} "220 ready"`, { version });
    expect(events).toEqual([greeting, request, 'established']);
    expect(tunnel).toBe(hex('220 ready'));
  });

  it.each([
    ['127.0.0.1', '01 7f 00 00 01'],
    ['2001:db8::1', '04 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01'],
    ['::ffff:1.2.3.4', '04 00 00 00 00 00 00 00 00 00 00 ff ff 01 02 03 04'],
    ['fe80::1%eth0', '04 fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 01'],
    ['xn--bcher-kva.example', '03 15 "xn--bcher-kva.example"'],
    ['1.2.3', '03 05 "1.2.3"'],
    ['a'.repeat(255), `03 ff "${'a'.repeat(255)}"`],
  ])('asks for %s', (host, address) => {
    const { events } = transcriptOf([octets(accepted)], { version, host, port: 8_080 });
    expect(events[1]).toBe(`send ${hex(octets(`05 01 00 ${address} 1f 90`))}`);
  });

  it.each([
    ['an empty password', { user: 'u', password: '' }, '01 01 "u" 00'],
    ['what is not ASCII, as UTF-8', { user: 'é', password: '€' }, '01 02 "é" 03 "€"'],
    ['the longest', { user: 'u'.repeat(255), password: 'p'.repeat(255) }, `01 ff "${'u'.repeat(255)}" ff "${'p'.repeat(255)}"`],
  ])('sends credentials with %s', (_what, given, message) => {
    const { events } = transcriptOf([octets('05 02')], { version, credentials: given });
    expect(events[1]).toBe(`send ${hex(octets(message))}`);
  });
});

describe('a SOCKS5 proxy that says no', () => {
  it.each([
    [1, 'general failure'],
    [2, 'connection not allowed by its rules'],
    [3, 'network unreachable'],
    [4, 'host unreachable'],
    [5, 'connection refused'],
    [6, 'TTL expired'],
    [7, 'command not supported'],
    [8, 'address type not supported'],
    [9, 'for a reason of its own'],
    [255, 'for a reason of its own'],
  ])('with reply %i is quoted', (reply, meaning) => {
    const code = reply.toString(16).padStart(2, '0');
    const { events, errors } = transcriptOfEverySplit(`${accepted} 05 ${code} 00 01 00 00 00 00 00 00`, { version });
    expect(events).toEqual([greeting, request, `failed PROXY_REFUSED ${reply}`]);
    expect(errors[0]).toMatchObject({
      name: 'ProxyError',
      phase: 'proxy',
      requestSent: false,
      message: `The SOCKS5 proxy refused: ${meaning} (reply ${reply})`,
    });
  });

  it('and leaves before the end of its reply has still said it', () => {
    const { events } = transcriptOfEverySplit('05 00 05 05', { version, ended: true });
    expect(events.at(-1)).toBe('failed PROXY_REFUSED 5');
  });

  it.each([
    ['to anybody without credentials', '05 ff', undefined, 'lets nobody in without credentials'],
    ['to anybody with a password', '05 ff', credentials, 'accepts neither a user with a password nor anybody without'],
    ['to these credentials', '05 02 01 01', credentials, 'did not accept the user and the password (status 1)'],
    ['to these credentials with another status', '05 02 01 ff', credentials, 'did not accept the user and the password (status 255)'],
  ])('%s wants others', (_what, received, given, message) => {
    const { events, errors } = transcriptOfEverySplit(received, { version, ended: true, ...(given && { credentials: given }) });
    expect(events.at(-1)).toBe('failed PROXY_AUTH_REQUIRED undefined');
    expect(errors[0]!.message).toContain(message);
  });
});

describe('a SOCKS5 proxy that breaks the protocol', () => {
  it.each([
    ['is something else', '"HTTP/1.1 400 Bad Request\r\n\r\n"', 'begins with 5, this one with 72'],
    ['has version 4', '04 00', 'begins with 5, this one with 4'],
    ['chooses GSSAPI', '05 01', 'method 1, which was not offered'],
    ['chooses a password that nobody offered', '05 02', 'method 2, which was not offered'],
    ['chooses what does not exist', '05 fe', 'method 254, which was not offered'],
    ['replies with another version', '05 00 04', 'begins with 5, this one with 4'],
    ['uses the reserved octet', '05 00 05 00 01', 'reserved octet'],
    ['has a type of address that does not exist', '05 00 05 00 00 02', 'type 2'],
    ['has no type of address', '05 00 05 00 00 00', 'type 0'],
  ])('because it %s', (_what, received, message) => {
    const { events, errors } = transcriptOfEverySplit(received, { version });
    expect(events.at(-1)).toBe('failed PROXY_PROTOCOL undefined');
    expect(errors[0]!.message).toContain(message);
  });

  it('when it answers the credentials with the version of SOCKS', () => {
    const { events, errors } = transcriptOfEverySplit('05 02 05 00', { version, credentials });
    expect(events).toEqual([greetingWithCredentials, authentication, 'failed PROXY_PROTOCOL undefined']);
    expect(errors[0]!.message).toContain('version 5 instead of 1');
  });

  it('does so by the first octet that is wrong: the rest is not waited for', () => {
    const outcome = (received: string): string | undefined => transcriptOf([octets(received)], { version }).events.at(-1);
    expect(outcome('04')).toBe('failed PROXY_PROTOCOL undefined');
    expect(outcome('05 00 05 00 00 05')).toBe('failed PROXY_PROTOCOL undefined');
  });
});

describe('a SOCKS5 proxy that leaves', () => {
  const conversation = octets('05 02 01 00 05 00 00 03 03 "abc" 00 50');
  it.each(Array.from({ length: conversation.length }, (_, index) => index))('after %i octets has closed the connection', (length) => {
    const received = hex(conversation.subarray(0, length));
    const { events, errors } = transcriptOfEverySplit(received, { version, credentials, ended: true });
    expect(events.at(-1)).toBe('failed PROXY_CLOSED undefined');
    expect(errors).toHaveLength(1);
  });

  it('after its last octet has left a tunnel', () => {
    const { events, errors } = transcriptOfEverySplit(hex(conversation), { version, credentials, ended: true });
    expect(events.at(-1)).toBe('established');
    expect(errors).toEqual([]);
  });
});
