import assert from 'node:assert/strict';

import type { Application } from '../in-process/application.ts';
import { requestArguments } from './describe-dispatcher-arguments.ts';
import { cancellation } from './describe-dispatcher-cancellation.ts';
import {
  Reach,
  type ConformanceCase,
  type ConformanceGroup,
  type DispatcherCapabilities,
  type DispatcherSubject,
} from './describe-dispatcher-case.ts';
import { lifecycle } from './describe-dispatcher-lifecycle.ts';
import { requestBodies } from './describe-dispatcher-request-bodies.ts';
import { requests } from './describe-dispatcher-requests.ts';
import { responseBodies } from './describe-dispatcher-response-bodies.ts';
import { responses } from './describe-dispatcher-responses.ts';

/** The functions of a test runner: those of `vitest`, or of `node:test`. */
export interface TestFunctions {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

/** The runner of tests, how a dispatcher to be tested is made, and what it can not do. */
export interface DescribeDispatcherOptions extends TestFunctions {
  /**
   * Makes a dispatcher, and an application that it reaches; called for each test. `serveApplication`, `nodeServerOf` and
   * `fetchHandlerOf` put the application behind HTTP or a handler.
   */
  readonly setUp: (application: Application) => DispatcherSubject | Promise<DispatcherSubject>;
  /** What it can't do, such as `{ responseTrailers: false }`. A declared lack is tested too: the test fails when it works after all. */
  readonly capabilities?: Partial<DispatcherCapabilities>;
}

const groups: readonly ConformanceGroup[] = [responses, responseBodies, requests, requestBodies, requestArguments, cancellation, lifecycle];

/**
 * Proves that a dispatcher keeps the contract: what arrives and what comes back, limits and backpressure, what is refused
 * before anything is sent, cancellation at every stage, and endings that leave nothing behind.
 *
 * @example
 * import { describe, it } from 'vitest';
 * describeDispatcher('my dispatcher', {
 *   describe,
 *   it,
 *   async setUp(application) {
 *     const { origin, close } = await serveApplication(application);
 *     return { dispatcher: new MyDispatcher(), origin, close };
 *   },
 *   capabilities: { informational: false },
 * });
 */
export function describeDispatcher(name: string, options: DescribeDispatcherOptions): void {
  const { describe, it, capabilities = {} } = options;
  describe(`${name} as a dispatcher`, () => {
    for (const { title, cases } of groups) {
      describe(title, () => {
        for (const each of cases) {
          const lacking = each.needs !== undefined && capabilities[each.needs] === false;
          if (lacking) it(`${each.name}: lacking, as declared (${each.needs})`, () => assertLacking(each, options));
          else it(each.name, () => runCase(each, options));
        }
      });
    }
  });
}

async function assertLacking(each: ConformanceCase, options: DescribeDispatcherOptions): Promise<void> {
  await assert.rejects(runCase(each, options), `declared as lacking, but it works: take "${each.needs}" out of the capabilities`);
}

async function runCase(each: ConformanceCase, { setUp }: DescribeDispatcherOptions): Promise<void> {
  const subjects: DispatcherSubject[] = [];
  try {
    await each.run(async (application) => {
      const subject = await setUp(application);
      subjects.push(subject);
      return new Reach(subject);
    });
  } finally {
    // The application's end first: an exchange that a failed test has left running must not keep its dispatcher open.
    await Promise.all(subjects.flatMap(({ dispatcher, close }) => [Promise.resolve(close?.()), dispatcher.close()]));
  }
}
