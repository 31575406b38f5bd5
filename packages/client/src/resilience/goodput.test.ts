/** A server that becomes ten times slower for ten seconds, under calls that give it one second each. */
import { expect, it } from 'vitest';

import { CallContext } from '../call/context.ts';
import { layer, type Interceptor, type Send } from '../call/interceptor.ts';
import { Lifetime } from '../call/lifetime.ts';
import { noSignal } from '../call/signals.ts';
import { resolveSettings } from '../client/client-settings.ts';
import { Request } from '../request/request.ts';
import { StreamResponse } from '../response/stream-response.ts';
import { toResponseBody } from '../response/response-body.ts';
import { RetryBudget } from '../retries/retry-budget.ts';
import { retryFailures } from '../retries/retry-interceptor.ts';
import { ReadTimeout } from '@x/httpcore';
import { Retries } from '../retries/retries.ts';
import { RetryOnTimeout } from '../retries/retry-limits.ts';
import { ScriptedTime } from '../../test/scripted-time.ts';
import { AdaptiveLimits } from './adaptive-concurrency.ts';

const begin = 1e8;
const [slowFrom, slowUntil, end] = [5_000, 15_000, 30_000];
/** Milliseconds of `read`. */
const patience = 1000;
const workers = 20;

/** Works on twenty requests at once, 50 ms each, and lets the others wait; it does not notice who has left. */
class BusyServer {
  readonly #time: ScriptedTime;
  readonly #queue: (() => void)[] = [];
  #busy = 0;

  constructor(time: ScriptedTime) {
    this.#time = time;
  }

  serve(answer: () => void): void {
    this.#queue.push(answer);
    this.#work();
  }

  #work(): void {
    while (this.#busy < workers && this.#queue.length > 0) {
      const answer = this.#queue.shift()!;
      this.#busy++;
      const now = this.#time.now() - begin;
      this.#time.schedule(now >= slowFrom && now < slowUntil ? 500 : 50, () => {
        this.#busy--;
        answer();
        this.#work();
      });
    }
  }
}

/** Calls that were answered in each second, of a hundred that were made. */
async function answeredPerSecond(guard: (time: ScriptedTime) => Interceptor | undefined): Promise<number[]> {
  const time = new ScriptedTime(begin);
  const server = new BusyServer(time);
  const transport: Send = (request, context) => {
    const attempt = context.begin(request);
    return new Promise((resolve, reject) => {
      let isOver = false;
      const cancel = time.schedule(patience, () => {
        isOver = true;
        const late = new ReadTimeout('late', { phase: 'response-head' });
        attempt.error = late;
        attempt.end();
        reject(late);
      });
      server.serve(() => {
        if (isOver) return;
        cancel();
        attempt.status = 200;
        attempt.end();
        resolve(new StreamResponse(request, 200, '', '1.1', [], attempt, context, toResponseBody(null)));
      });
    });
  };
  const interceptor = guard(time);
  const settings = resolveSettings({ timeout: null, retries: new Retries(3, { limits: [new RetryOnTimeout()] }) });
  const budget = new RetryBudget(() => time.now());
  const services = { budget, lifetime: new Lifetime(), clock: time, random: () => 0.5 };
  const questions = { settingsOf: () => settings.retries, leadsOn: () => false, hookOf: () => undefined };
  const send = retryFailures(services, questions)(interceptor === undefined ? transport : layer(interceptor, transport));
  const answered = Array.from({ length: end / 1000 }, () => 0);
  for (let at = 0; at < end; at += 10) {
    time.schedule(at, () => {
      budget.deposit();
      const request = new Request('GET', 'http://a.example/');
      const context = new CallContext(request, settings, noSignal, undefined, undefined);
      // Somebody waits for it for two seconds in all.
      Object.defineProperty(context, 'deadline', { value: begin + at + 2000 });
      send(request, context).then(
        () => {
          const now = time.now() - begin;
          if (now <= at + 2000 && now < end) answered[Math.floor(now / 1000)]!++;
        },
        () => {},
      );
    });
  }
  await time.run();
  return answered;
}

it('with adaptive concurrency, a server that becomes ten times slower still answers what it can', async () => {
  const guarded = await answeredPerSecond((time) => {
    const limits = new AdaptiveLimits({ initial: 20 }, time);
    return (request, context, next) => limits.send(request, context, next);
  });
  const bare = await answeredPerSecond(() => undefined);
  const sum = (seconds: readonly number[]): number => seconds.reduce((total, second) => total + second, 0);
  const slow = [slowFrom / 1000 + 2, slowUntil / 1000] as const;
  // Forty a second is all that it can do in that time.
  expect(sum(guarded.slice(...slow)) / (slow[1] - slow[0])).toBeGreaterThan(30);
  expect(sum(bare.slice(...slow)) / (slow[1] - slow[0])).toBeLessThan(10);
  // And all of it is answered before, and soon afterwards.
  expect(sum(guarded.slice(0, 4))).toBeGreaterThan(390);
  expect(sum(guarded.slice(18, 29))).toBeGreaterThan(1080);
});
