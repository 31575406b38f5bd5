import { version } from '../version.ts';

/** What --version shows. */
export function versions(): string {
  const { node, openssl } = process.versions;
  return `xhttp ${version}\nNode ${node}, OpenSSL ${openssl}, ${process.platform} ${process.arch}\n`;
}
