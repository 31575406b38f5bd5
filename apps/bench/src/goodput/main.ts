/**
 * What is still answered while a server takes ten times longer than usual: a hundred calls a second, each with a second for an attempt and two in all, to a
 * server that can do four hundred a second and, from second 5 to 15, forty. Usage: `npm --prefix apps/bench run goodput`.
 */
import { Client, Retries, RetryOnTimeout } from '@x/client';
import { adaptiveConcurrency, circuitBreaker } from '@x/client/resilience';
import {
  bulkhead,
  circuitBreaker as breaker,
  ExponentialBackoff,
  handleAll,
  retry,
  SamplingBreaker,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';

import { startSlowServer } from './slow-server.ts';

const perSecond = 100;
const seconds = 25;
const [slowFrom, slowUntil] = [5, 15] as const;

interface Contender {
  readonly name: string;
  readonly call: (url: string) => Promise<unknown>;
}

const retries = new Retries(3, { limits: [new RetryOnTimeout()] });
const limits = { timeout: { read: 1000, total: 2000 }, retries } as const;
const plain = new Client(limits);
const adaptive = new Client({ ...limits, networkInterceptors: [adaptiveConcurrency()] });
const both = new Client({ ...limits, networkInterceptors: [circuitBreaker(), adaptiveConcurrency()] });

const attempt = timeout(1000, TimeoutStrategy.Aggressive);
const again = retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() });
const circuit = breaker(handleAll, { halfOpenAfter: 5000, breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000 }) });
const lanes = bulkhead(20, 1000);
const whole = timeout(2000, TimeoutStrategy.Aggressive);
const fetched =
  (policy: { execute<Value>(work: (context: { signal: AbortSignal }) => Promise<Value>): Promise<Value> }) =>
  (url: string): Promise<unknown> =>
    policy.execute(({ signal }) => fetch(url, { signal }).then((response) => response.text()));

const contenders: readonly Contender[] = [
  { name: 'client, retries', call: (url) => plain.get(url) },
  { name: 'client, retries, adaptiveConcurrency', call: (url) => adaptive.get(url) },
  { name: 'client, retries, adaptiveConcurrency, circuitBreaker', call: (url) => both.get(url) },
  { name: 'fetch, cockatiel: retry, timeout', call: fetched(wrap(whole, again, attempt)) },
  { name: 'fetch, cockatiel: retry, circuit breaker, timeout', call: fetched(wrap(whole, again, circuit, attempt)) },
  { name: 'fetch, cockatiel: retry, bulkhead of 20, timeout', call: fetched(wrap(whole, again, lanes, attempt)) },
];

async function answeredPerSecond({ call }: Contender): Promise<number[]> {
  const server = await startSlowServer();
  const answered = Array.from({ length: seconds }, () => 0);
  const begun = performance.now();
  const now = (): number => performance.now() - begun;
  let sent = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      server.work = now() >= slowFrom * 1000 && now() < slowUntil * 1000 ? 500 : 50;
      if (now() >= seconds * 1000) {
        clearInterval(timer);
        resolve();
        return;
      }
      for (; sent < (now() / 1000) * perSecond; sent++) {
        const at = now();
        call(server.url).then(
          () => {
            const second = Math.floor(now() / 1000);
            if (now() - at <= 2100 && second < seconds) answered[second]!++;
          },
          () => {},
        );
      }
    }, 5);
  });
  server.close();
  return answered;
}

const mean = (figures: readonly number[]): string => (figures.reduce((sum, figure) => sum + figure, 0) / figures.length).toFixed(0);

console.log('Answered in time, each second:\n');
const results: number[][] = [];
for (const contender of contenders) results.push(await answeredPerSecond(contender));
for (const [index, answered] of results.entries()) {
  console.log(`${contenders[index]!.name}: ${answered.join(' ')}`);
  const parts = [answered.slice(1, slowFrom), answered.slice(slowFrom + 2, slowUntil), answered.slice(slowUntil, slowUntil + 3)];
  console.log(`  before ${mean(parts[0]!)}, while it is slow ${mean(parts[1]!)}, in the three seconds afterwards ${mean(parts[2]!)}\n`);
}
await Promise.all([plain.destroy(), adaptive.destroy(), both.destroy()]);
process.exit(0);
