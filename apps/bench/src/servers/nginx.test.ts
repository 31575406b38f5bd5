import { describe, expect, test } from 'vitest';
import { nginxConfiguration } from './nginx.ts';

const plain = { port: 4321, directory: '/tmp/run', certificate: null, http2: false, root: false };

describe("nginx's configuration", () => {
  test('keeps connections for ever, logs nothing, and stays in its directory', () => {
    const text = nginxConfiguration(plain);
    for (const line of [
      'worker_processes 1;',
      'access_log off;',
      'keepalive_requests 1000000000;',
      'listen 127.0.0.1:4321 backlog=4096;',
    ]) {
      expect(text).toContain(line);
    }
    for (const [, path] of text.matchAll(/(?:pid|error_log|_temp_path|alias) (\/\S+?)[ ;]/gu)) expect(path).toMatch(/^\/tmp\/run\//u);
    expect(text).not.toContain('ssl');
    expect(text).not.toContain('user ');
  });

  test('has TLS when there is a certificate, and a worker of root for a master of root', () => {
    const text = nginxConfiguration({ ...plain, certificate: { cert: '/tmp/run/c.pem', key: '/tmp/run/k.pem' }, root: true });
    for (const line of [
      'listen 127.0.0.1:4321 ssl backlog',
      'ssl_certificate /tmp/run/c.pem;',
      'ssl_certificate_key /tmp/run/k.pem;',
      'user root;',
    ]) {
      expect(text).toContain(line);
    }
  });

  test('speaks HTTP/2 where it is asked to', () => {
    expect(nginxConfiguration({ ...plain, http2: true })).toContain('listen 127.0.0.1:4321 http2 backlog');
    expect(nginxConfiguration(plain)).not.toContain('http2');
  });

  test('closes after each answer only where a new connection is wanted', () => {
    expect(nginxConfiguration(plain).match(/keepalive_timeout 0;/gu)).toHaveLength(1);
  });
});
