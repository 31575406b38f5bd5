import { randomUUID } from 'node:crypto';

import { InvalidCacheOption } from '../errors.ts';
import { isWholeBody, openParts, PartDigests, partSize, partsOf } from '../store/parts.ts';
import { DecodedRecords } from '../store/decoded-records.ts';
import { encodeRecord, hashedKey, type StoreRecord } from '../store/record.ts';
import type { CacheStore, StoredBytes, StoredResponse, StoreSize, StoreWriter, Unlock } from '../store/store.ts';
import { RedisCommands, type RedisClient } from './redis-commands.ts';

/** The connection to Redis or Valkey, and how keys are named. */
export interface RedisStoreOptions {
  /** What the names of all keys begin with. Default `x-cache:`. */
  readonly prefix?: string | undefined;
}

/** A body that is this small is beside its response, and comes with it in one round trip. In bytes. */
const inlineSize = 64 * 1024;

/**
 * Keeps responses in Redis or Valkey, which many processes and machines may share: they collapse equal requests among them, and the server forgets what
 * nobody can want any more. Give the server a `maxmemory` and a policy such as `allkeys-lru`. The client is yours to connect and to close.
 *
 * @throws {InvalidCacheOption} the client has no `sendCommand`, as those of the package `redis` have.
 * @example
 * import { createClient } from 'redis';
 * import { RedisStore } from '@x/cache/redis';
 *
 * const redis = await createClient({ url: 'redis://localhost' }).connect();
 * const cache = new HttpCache({ shared: true, store: new RedisStore(redis) });
 */
export class RedisStore implements CacheStore {
  readonly #redis: RedisCommands;
  readonly #prefix: string;
  readonly #records = new DecodedRecords();
  readonly #found = new WeakMap<StoredResponse, { readonly record: StoreRecord; readonly body: Uint8Array | undefined }>();

  constructor(client: RedisClient, { prefix = 'x-cache:' }: RedisStoreOptions = {}) {
    if (typeof (client as Partial<RedisClient> | null)?.sendCommand !== 'function') {
      throw new InvalidCacheOption('client', 'must be a client of the package "redis": it has no sendCommand()');
    }
    if (typeof prefix !== 'string') throw new InvalidCacheOption('prefix', 'must be a string');
    this.#redis = new RedisCommands(client);
    this.#prefix = prefix;
  }

  async find(key: string): Promise<readonly StoredResponse[]> {
    const fields = await this.#fieldsOf(this.#nameOf(key));
    const found: StoredResponse[] = [];
    const bodies = new Map<string, Uint8Array>();
    for (let at = 0; at + 1 < fields.length; at += 2) {
      const name = fields[at]!.toString();
      if (name.startsWith('b')) bodies.set(name.slice(1), fields[at + 1]!);
    }
    const broken: string[] = [];
    for (let at = 0; at + 1 < fields.length; at += 2) {
      const name = fields[at]!.toString();
      if (!name.startsWith('h')) continue;
      const id = name.slice(1);
      const record = this.#records.decode(fields[at + 1]!.toString(), key, id);
      if (record !== undefined) {
        this.#found.set(record.response, { record, body: bodies.get(id) });
        found.push(record.response);
      } else broken.push(id);
    }
    if (broken.length > 0) await this.delete(key, broken);
    return found;
  }

  async open(key: string, response: StoredResponse, start: number, end: number): Promise<StoredBytes | undefined> {
    const { record, body } = this.#found.get(response) ?? (await this.#lookUp(key, response.id)) ?? {};
    if (record === undefined) return undefined;
    const { id, length } = record.response;
    const forget = (): Promise<number> => this.delete(key, [id]);
    if (length <= inlineSize) {
      if (body !== undefined && isWholeBody(body, record)) return body.subarray(start, end);
      await forget();
      return undefined;
    }
    const lengths = await Promise.all(
      Array.from({ length: partsOf(length) }, (_, number) => this.#redis.number('STRLEN', this.#partOf(id, number))),
    );
    if (lengths.reduce((sum, each) => sum + each, 0) !== length) {
      await forget();
      return undefined;
    }
    return openParts({ record, read: (number) => this.#redis.buffer('GET', this.#partOf(id, number)), onBroken: forget }, start, end);
  }

  write(key: string, response: StoredResponse): StoreWriter {
    const { id } = response;
    const digests = new PartDigests();
    let pending: Uint8Array[] = [];
    let pendingLength = 0;
    let parts = 0;
    const lifetime = String(Math.max(1000, Math.ceil(response.usefulUntil - response.receivedAt)));
    const addPart = async (): Promise<void> => {
      const part = Buffer.concat(pending, pendingLength);
      const name = this.#partOf(id, parts);
      parts += 1;
      pending = [];
      pendingLength = 0;
      await this.#redis.send('SET', name, part, 'PX', lifetime);
    };
    let committed: Promise<void> | undefined;
    const commit = async (length: number, replaced: readonly string[]): Promise<void> => {
      const record: StoreRecord = { key, response: { ...response, length }, digests: digests.end() };
      const fields: (string | Buffer)[] = [`h${id}`, encodeRecord(record)];
      if (length <= inlineSize) fields.push(`b${id}`, Buffer.concat(pending, pendingLength));
      else if (pendingLength > 0) await addPart();
      const name = this.#nameOf(key);
      const work: Promise<unknown>[] = [this.#redis.send('HSET', name, ...fields), this.#redis.send('PEXPIRE', name, lifetime, 'GT')];
      // Without a limit yet, GT sets none.
      work.push(this.#redis.send('PEXPIRE', name, lifetime, 'NX'));
      await Promise.all([...work, ...this.#tag(key, response)]);
      if (replaced.length > 0) await this.delete(key, replaced);
    };
    return {
      write: (chunk) => {
        digests.add(chunk);
        pending.push(chunk);
        pendingLength += chunk.length;
        if (pendingLength < partSize) return;
        const whole = Buffer.concat(pending, pendingLength);
        const sent: Promise<void>[] = [];
        let at = 0;
        for (; whole.length - at >= partSize; at += partSize) {
          pending = [whole.subarray(at, at + partSize)];
          pendingLength = partSize;
          sent.push(addPart());
        }
        pending = at < whole.length ? [whole.subarray(at)] : [];
        pendingLength = whole.length - at;
        return Promise.all(sent).then(() => {});
      },
      commit: (length, replaced) => (committed = commit(length, replaced)),
      abort: async () => {
        pending = [];
        // One that nobody waits for any more may still come to its end.
        await committed?.catch(() => {});
        if (committed !== undefined) await this.delete(key, [id]).catch(() => {});
        if (parts > 0) await this.#redis.send('UNLINK', ...Array.from({ length: parts }, (_, number) => this.#partOf(id, number)));
      },
    };
  }

  async update(key: string, response: StoredResponse): Promise<boolean> {
    const found = await this.#lookUp(key, response.id);
    if (found === undefined) return false;
    const lifetime = String(Math.max(1000, Math.ceil(response.usefulUntil - response.receivedAt)));
    const name = this.#nameOf(key);
    const updated = { record: { ...found.record, response }, body: found.body };
    const stale = found.record.response.tags.filter((tag) => !response.tags.includes(tag));
    const [isUpdated] = await Promise.all([
      // What was removed meanwhile stays so: without its body, and with no end to its lifetime, it would stand there for ever.
      this.#redis.number('EVAL', updateExisting, '1', name, `h${response.id}`, encodeRecord(updated.record)),
      this.#redis.send('PEXPIRE', name, lifetime, 'GT'),
      ...this.#tag(key, response),
      ...stale.map((tag) => this.#redis.send('SREM', this.#tagOf(tag), memberOf(key, response))),
    ]);
    if (isUpdated === 0) return false;
    this.#found.set(response, updated);
    return true;
  }

  async delete(key: string, ids?: readonly string[]): Promise<number> {
    return this.#deleteHashed(hashedKey(key), ids);
  }

  async deleteTagged(tag: string): Promise<number> {
    const members = (await this.#redis.buffers('SMEMBERS', this.#tagOf(tag))).map(String);
    let deleted = 0;
    for (let at = 0; at < members.length; at += manyAtOnce) {
      const some = members.slice(at, at + manyAtOnce);
      const counts = await Promise.all(
        some.map((member) => {
          const [hashed = '', id = ''] = member.split(' ');
          return this.#deleteHashed(hashed, [id]);
        }),
      );
      deleted += counts.reduce((sum, count) => sum + count, 0);
      // Those that were seen: what another process has added meanwhile keeps its tag.
      await this.#redis.send('SREM', this.#tagOf(tag), ...some);
    }
    return deleted;
  }

  #tag(key: string, response: StoredResponse): Promise<unknown>[] {
    return response.tags.flatMap((tag) => [
      this.#redis.send('SADD', this.#tagOf(tag), memberOf(key, response)),
      this.#redis.send('PEXPIRE', this.#tagOf(tag), longestTag),
    ]);
  }

  async clear(): Promise<void> {
    for await (const names of this.#redis.scan(`${escaped(this.#prefix)}*`)) {
      const doomed = names.filter((name) => !name.startsWith(`${this.#prefix}g:`));
      if (doomed.length > 0) await this.#redis.send('UNLINK', ...doomed);
    }
  }

  /** Looks through all keys: for people, not for every request. */
  async size(): Promise<StoreSize> {
    let entries = 0;
    let bytes = 0;
    for await (const names of this.#redis.scan(`${escaped(this.#prefix)}k:*`)) {
      for (const name of names) {
        const fields = await this.#redis.buffers('HGETALL', name);
        for (let at = 0; at + 1 < fields.length; at += 2) {
          bytes += fields[at + 1]!.length;
          if (fields[at]!.toString().startsWith('h')) entries += 1;
        }
      }
    }
    for await (const names of this.#redis.scan(`${escaped(this.#prefix)}p:*`)) {
      for (const name of names) bytes += await this.#redis.number('STRLEN', name);
    }
    return { entries, bytes };
  }

  async markPurged(names: readonly string[], by: string, milliseconds: number): Promise<void> {
    const mark = `${Math.ceil(milliseconds)} ${by}`;
    await Promise.all(names.map((name) => this.#redis.send('SET', this.#markOf(name), mark, 'PX', String(Math.ceil(milliseconds)))));
  }

  /** By what is left of the marks' lifetimes: the server's clock counts alone. */
  async purgedAgo(names: readonly string[], by: string): Promise<number | undefined> {
    const marks = await this.#redis.buffers('MGET', ...names.map((name) => this.#markOf(name)));
    const agos = await Promise.all(
      names.map(async (name, at) => {
        const [milliseconds = '', marker] = (marks[at] ?? '').toString().split(' ');
        if (marker === undefined || marker === by) return [];
        const left = await this.#redis.number('PTTL', this.#markOf(name));
        return left < 0 ? [] : [Math.max(0, Number(milliseconds) - left)];
      }),
    );
    const all = agos.flat();
    return all.length === 0 ? undefined : Math.min(...all);
  }

  async lock(name: string, milliseconds: number): Promise<Unlock | undefined> {
    const key = `${this.#prefix}l:${hashedKey(name)}`;
    const token = randomUUID();
    const answer = await this.#redis.send('SET', key, token, 'NX', 'PX', String(milliseconds));
    if (answer === null) return undefined;
    return async () => {
      // Only its own: the lock may have run out, and be another's by now.
      await this.#redis
        .send('EVAL', "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0", '1', key, token)
        .catch(() => {});
    };
  }

  /** What is no hash is nobody's of ours, and would stand in the way for ever. */
  async #fieldsOf(name: string): Promise<readonly Buffer[]> {
    try {
      return await this.#redis.buffers('HGETALL', name);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('WRONGTYPE')) throw error;
      await this.#redis.send('UNLINK', name);
      return [];
    }
  }

  async #lookUp(key: string, id: string): Promise<{ readonly record: StoreRecord; readonly body: Uint8Array | undefined } | undefined> {
    const response = (await this.find(key)).find((found) => found.id === id);
    return response === undefined ? undefined : this.#found.get(response);
  }

  async #deleteHashed(hashed: string, ids: readonly string[] | undefined): Promise<number> {
    const name = `${this.#prefix}k:${hashed}`;
    const names = (await this.#redis.buffers('HKEYS', name)).map(String);
    const doomed = names
      .filter((field) => field.startsWith('h'))
      .map((field) => field.slice(1))
      .filter((id) => ids === undefined || ids.includes(id));
    if (doomed.length === 0) return 0;
    const isInline = (id: string): boolean => names.includes(`b${id}`);
    await this.#redis.send('HDEL', name, ...doomed.flatMap((id) => [`h${id}`, `b${id}`]));
    for (const id of doomed) {
      if (isInline(id)) continue;
      for await (const parts of this.#partsOf(id)) await this.#redis.send('UNLINK', ...parts);
    }
    return doomed.length;
  }

  /** As many as there are, a few at a time. */
  async *#partsOf(id: string): AsyncGenerator<string[], void, undefined> {
    for (let number = 0; ; number += 16) {
      const names = Array.from({ length: 16 }, (_, offset) => this.#partOf(id, number + offset));
      if ((await this.#redis.number('EXISTS', ...names)) === 0) return;
      yield names;
    }
  }

  #nameOf(key: string): string {
    return `${this.#prefix}k:${hashedKey(key)}`;
  }

  #partOf(id: string, number: number): string {
    return `${this.#prefix}p:${id}:${number}`;
  }

  #markOf(name: string): string {
    return `${this.#prefix}g:${hashedKey(name)}`;
  }

  #tagOf(tag: string): string {
    return `${this.#prefix}t:${tag}`;
  }
}

// As long as anything is kept.
const longestTag = String(366 * 86_400_000);

/** Responses that are removed side by side. */
const manyAtOnce = 100;
const updateExisting =
  "if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) return 1";

/** What a tag knows a response by. */
function memberOf(key: string, { id }: StoredResponse): string {
  return `${hashedKey(key)} ${id}`;
}

/** Characters that mean something in a pattern mean themselves. */
function escaped(prefix: string): string {
  return prefix.replaceAll(/[*?[\]\\^]/g, String.raw`\$&`);
}
