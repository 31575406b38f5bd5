import { Recorder } from './recorder.ts';
import { readRecordOptions, type RecordOptions } from './recorder-settings.ts';

/**
 * A dispatcher that records into a HAR file what goes over the network, and answers from it the next time: for a client's `dispatcher`, for
 * `install()` of `@x/interop/undici`, for whatever takes a dispatcher. Secrets are masked before they are written.
 *
 * @throws {InvalidOption} an option is impossible, or the file is no HAR.
 * @example
 * await using recorder = record({ file: 'test/recordings/items.har' });
 * await using client = new Client({ dispatcher: recorder, baseUrl: 'https://api.example.com' });
 * const items = (await client.get('/items')).json(); // from the network once, then from the file
 */
export function record(options: RecordOptions): Recorder {
  return new Recorder(readRecordOptions(options));
}
