import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Behaviour } from '../server/http-server.ts';
import { answerJson, answerText } from './answers.ts';
import { readBody } from './request-body.ts';

export interface LoginOptions {
  /** Default `ada`. */
  readonly user?: string;
  /** Default `lovelace`. */
  readonly password?: string;
}

const SESSION = /(?:^|;\s*)session=([^;]*)/u;

/**
 * A site with a form login: POST `/login` with `user` and `password` sets the cookies `session` (HttpOnly) and `theme`
 * and leads with 303 to `/account`, which greets whoever has a session and answers 401 to everyone else. POST `/logout` ends it.
 */
export function login(options: LoginOptions = {}): Behaviour {
  const { user = 'ada', password = 'lovelace' } = options;
  const sessions = new Map<string, string>();
  return {
    handle(request, response) {
      const path = (request.url ?? '').split('?')[0];
      if (path === '/login' && request.method === 'POST') void enter(request, response);
      else if (path === '/account') greet(request, response);
      else if (path === '/logout') leave(request, response);
      else answerText(response, 404, 'not here');
    },
    extras: {},
  };

  async function enter(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams((await readBody(request))?.toString() ?? '');
    if (form.get('user') !== user || form.get('password') !== password) {
      answerText(response, 401, 'wrong user or password');
      return;
    }
    const session = randomBytes(16).toString('hex');
    sessions.set(session, user);
    answerText(response, 303, 'welcome', {
      Location: '/account',
      'Set-Cookie': [`session=${session}; Path=/; HttpOnly; SameSite=Lax`, 'theme=dark; Path=/; Max-Age=3600'],
    });
  }

  function greet(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const name = sessions.get(sessionOf(request));
    if (name === undefined) answerJson(response, 401, { error: 'not logged in' });
    else answerJson(response, 200, { user: name, cookies: request.headers.cookie });
  }

  function leave(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    sessions.delete(sessionOf(request));
    answerText(response, 200, 'bye', { 'Set-Cookie': 'session=; Path=/; Max-Age=0' });
  }
}

function sessionOf(request: IncomingMessage): string {
  return SESSION.exec(request.headers.cookie ?? '')?.[1] ?? '';
}
