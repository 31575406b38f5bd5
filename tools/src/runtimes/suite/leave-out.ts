// Skips, by its name and with the reason, each test that does not hold on this runtime.

import { relative } from 'node:path';
import { beforeEach, type TestContext } from 'vitest';
import { exceptionFor } from './exceptions.ts';
import { runtime } from './runtime.ts';

type Task = TestContext['task'];

function fullName(task: Task): string {
  const names = [task.name];
  for (let { suite } = task; suite !== undefined; suite = suite.suite) if (suite.name !== '') names.unshift(suite.name);
  return names.join(' > ');
}

beforeEach(({ task, skip }) => {
  const exception = exceptionFor(runtime(), relative(process.cwd(), task.file.filepath), fullName(task));
  if (exception !== undefined) skip(exception);
});
