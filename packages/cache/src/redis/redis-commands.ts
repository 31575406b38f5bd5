/** Of a client of the package `redis`, what the store needs: commands, and their answers as bytes. */

/** A client of the package `redis`, version 5 or later, connected. */
export interface RedisClient {
  sendCommand(
    command: readonly (string | Buffer)[],
    options?: { readonly typeMapping?: Readonly<Record<number, unknown>> },
  ): Promise<unknown>;
}

// RESP's mark of a bulk string, `$`.
const asBuffers = { typeMapping: { 36: Buffer } } as const;

export class RedisCommands {
  readonly #client: RedisClient;

  constructor(client: RedisClient) {
    this.#client = client;
  }

  send(...command: (string | Buffer)[]): Promise<unknown> {
    return this.#client.sendCommand(command);
  }

  async number(...command: string[]): Promise<number> {
    return Number(await this.send(...command));
  }

  buffer(...command: string[]): Promise<Buffer | null> {
    return this.#client.sendCommand(command, asBuffers) as Promise<Buffer | null>;
  }

  /** A list; of a map, names and values in turn, whatever the version of the protocol. */
  async buffers(...command: string[]): Promise<readonly Buffer[]> {
    const answer = await this.#client.sendCommand(command, asBuffers);
    if (Array.isArray(answer)) return answer as Buffer[];
    if (answer instanceof Map) return [...(answer as Map<Buffer, Buffer>)].flat();
    if (answer instanceof Set) return [...(answer as Set<Buffer>)];
    return Object.entries((answer ?? {}) as Record<string, Buffer>).flatMap(([name, value]) => [Buffer.from(name), value]);
  }

  async *scan(pattern: string): AsyncGenerator<string[], void, undefined> {
    let cursor = '0';
    do {
      const [next, names] = (await this.send('SCAN', cursor, 'MATCH', pattern, 'COUNT', '500')) as [string, string[]];
      cursor = String(next);
      yield names;
    } while (cursor !== '0');
  }
}
