import { HttpCache, type CacheState } from '@x/cache';
import { Client } from '@x/client';
import { formatBytes, formatCount, formatDuration, renderComparison } from '@x/figures';
import type { LocalServer } from '@x/testbed';
import type { Job, Stage } from '../job.ts';

export const cachedCrawl: Job = { name: 'cache', title: 'A crawl through an HTTP cache, cold and warm', run };

const PAGES = 200;
const states: readonly CacheState[] = ['miss', 'hit', 'revalidated', 'stale', 'bypass'];

interface Crawl {
  readonly name: string;
  readonly duration: number;
  readonly counts: ReadonlyMap<CacheState, number>;
  readonly saved: number;
  readonly arrived: number;
  readonly answers: readonly string[];
}

async function run({ plain, report }: Stage): Promise<void> {
  const cache = new HttpCache();
  await using client = new Client({ baseUrl: plain.origin, cache });
  // Half of the pages are fresh for an hour; the others are to be confirmed each time.
  const paths = Array.from({ length: PAGES }, (_, page) => `/cacheable/${page % 2 === 0 ? 3600 : 0}/${page}`);
  const crawls = [await crawl('cold', client, cache, plain, paths), await crawl('warm', client, cache, plain, paths)];
  const [cold, warm] = crawls as [Crawl, Crawl];

  const figure = (label: string, of: (crawl: Crawl) => string): { label: string; values: string[] } => ({ label, values: crawls.map(of) });
  report.lines(
    renderComparison(
      crawls.map(({ name }) => name),
      [
        figure(`${formatCount(PAGES)} pages`, ({ duration }) => formatDuration(duration)),
        ...states
          .filter((state) => crawls.some(({ counts }) => counts.has(state)))
          .map((state) => figure(state, ({ counts }) => formatCount(counts.get(state) ?? 0))),
        figure('bytes saved', ({ saved }) => formatBytes(saved)),
        figure('requests, says the server', ({ arrived }) => formatCount(arrived)),
      ],
      report.terminal,
    ),
  );
  report.check('the cold crawl fetched every page', cold.counts.get('miss') === PAGES && cold.saved === 0, cold.counts);
  report.check(
    'the warm one fetched none: half are hits, half were confirmed',
    warm.counts.get('hit') === PAGES / 2 && warm.counts.get('revalidated') === PAGES / 2,
    warm.counts,
  );
  report.check('and the server was asked about that half alone', warm.arrived === PAGES / 2, warm.arrived);
  report.check('both read the same pages', cold.answers.join() === warm.answers.join());
}

async function crawl(name: string, client: Client, cache: HttpCache, server: LocalServer, paths: readonly string[]): Promise<Crawl> {
  const started = performance.now();
  const savedBefore = cache.stats().bytesSaved;
  const arrivedBefore = server.connections.requests;
  const responses = await Promise.all(paths.map((path) => client.get(path)));
  const counts = new Map<CacheState, number>();
  for (const { cache: outcome } of responses) if (outcome !== undefined) counts.set(outcome.state, (counts.get(outcome.state) ?? 0) + 1);
  return {
    name,
    duration: performance.now() - started,
    counts,
    saved: cache.stats().bytesSaved - savedBefore,
    arrived: server.connections.requests - arrivedBefore,
    answers: responses.map((response) => response.text()),
  };
}
