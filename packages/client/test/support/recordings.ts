/** Calls with a network that is in memory, and then without one. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@x/client';
import { record, type Har, type HarEntry, type RecordOptions } from '@x/client/testing';
import { mockDispatcher, type Application, type Dispatcher } from '@x/httpcore';

/** A file for recordings, in a folder that does not exist yet. */
export class RecordingFile implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'recordings-'));
  readonly path: string = join(this.folder, 'deep', 'api.har');

  get text(): string {
    return readFileSync(this.path, 'utf8');
  }

  get har(): Har {
    return JSON.parse(this.text) as Har;
  }

  get entries(): readonly HarEntry[] {
    return this.har.log.entries;
  }

  /** The same calls, recorded and replayed. */
  async twice<Result>(
    dispatcher: Dispatcher,
    calls: (client: Client) => Promise<Result>,
    options: Partial<RecordOptions> = {},
  ): Promise<{ recorded: Result; replayed: Result }> {
    const results: Result[] = [];
    for (const mode of ['once', 'none'] as const) {
      await using recorder = record({ file: this.path, mode, ...(mode === 'once' ? { dispatcher } : {}), ...options });
      await using client = new Client({ dispatcher: recorder, baseUrl: 'https://api.test' });
      results.push(await calls(client));
    }
    return { recorded: results[0]!, replayed: results[1]! };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A network that counts what comes to it. */
export function network(application: Application): Dispatcher & { calls: string[] } {
  const calls: string[] = [];
  const dispatcher = mockDispatcher((request) => {
    calls.push(`${request.method} ${request.url[3]}`);
    return application(request);
  });
  return Object.assign(dispatcher, { calls });
}
