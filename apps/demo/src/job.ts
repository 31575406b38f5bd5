/** What a job is, and what it is given to work with. A new one is a file in `jobs/` and a line in `job-list.ts`. */
import type { LocalServer } from '@x/testbed';
import type { Report } from './report.ts';

/** The servers that are there for all jobs, and where to tell what came of it. */
export interface Stage {
  /** The testbed's `site` over http. */
  readonly plain: LocalServer;
  /** The same over TLS, by the name of `localhost`, with a certificate of the testbed's own authority. */
  readonly secure: LocalServer;
  readonly report: Report;
  /** Fewer requests where there are very many of them. */
  readonly quick: boolean;
}

export interface Job {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  /** States its findings as checks. What it throws is a check that failed. */
  readonly run: (stage: Stage) => Promise<void>;
}
