import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Answers with a value as JSON, its length announced. */
export function answerJson(response: ServerResponse, status: number, value: unknown, headers: OutgoingHttpHeaders = {}): void {
  answer(response, status, JSON.stringify(value), { 'Content-Type': 'application/json', ...headers });
}

/** Answers with a line of text. */
export function answerText(response: ServerResponse, status: number, text: string, headers: OutgoingHttpHeaders = {}): void {
  answer(response, status, text, { 'Content-Type': 'text/plain; charset=utf-8', ...headers });
}

function answer(response: ServerResponse, status: number, text: string, headers: OutgoingHttpHeaders): void {
  const body = Buffer.from(text);
  response.writeHead(status, { ...headers, 'Content-Length': body.length }).end(body);
}
