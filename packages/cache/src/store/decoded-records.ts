import { RecentFacts } from './recent-facts.ts';
import { decodeRecord, type StoreRecord } from './record.ts';

/**
 * What is asked for again and again is read once: the same text gives the same record, whose response is then known by what has been found out about it.
 */
export class DecodedRecords {
  readonly #recent = new RecentFacts<{ readonly text: string; readonly record: StoreRecord }>(1000);

  /** `undefined` for what is broken, of another make, about another key, or another response than that. */
  decode(text: string, key: string, id: string): StoreRecord | undefined {
    const known = this.#recent.get(id);
    if (known !== undefined && known.text === text && known.record.key === key) return known.record;
    const record = decodeRecord(text, key);
    if (record?.response.id !== id) return undefined;
    this.#recent.set(id, { text, record });
    return record;
  }
}
