// What a peer took off the wire, message by message and stream by stream, for the tests to judge. It decides nothing.

/** One incoming stream of `/goop/mq/1.0.0`. */
export interface TakenStream {
  readonly from: string;
  /** Every byte that came, also after the message. */
  readonly text: string;
  readonly message: Record<string, unknown>;
  /** As it was opened, when it was sealed; else as it came. Set once it could be read. */
  readonly payload: unknown;
  readonly wasSealed: boolean;
  readonly wasAcknowledged: boolean;
  readonly atMs: number;
}

export class WireLog {
  readonly #taken: TakenStream[] = [];
  readonly #waiting = new Set<() => void>();

  add(stream: TakenStream): void {
    this.#taken.push(stream);
    for (const check of [...this.#waiting]) check();
  }

  /** In the order in which they came. */
  get streams(): readonly TakenStream[] {
    return this.#taken;
  }

  /** Payloads of one call that have this type. */
  callPayloads(channel: string, type?: string): Record<string, unknown>[] {
    return this.#taken
      .filter(({ message }) => message.topic === `call:${channel}`)
      .map(({ payload }) => payload as Record<string, unknown>)
      .filter((payload) => type === undefined || payload?.type === type);
  }

  forget(): void {
    this.#taken.length = 0;
  }

  /** Resolves once `holds` is true, asked again after every message. @throws what names the messages so far */
  until(holds: (log: WireLog) => boolean, limitMs = 20_000): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      const seen = this.#taken.map(
        ({ message, payload }) => `${message.topic} ${JSON.stringify(payload)?.slice(0, 60)}`,
      );
      reject(new Error(`not within ${limitMs} ms; came so far:\n${seen.join("\n")}`));
    }, limitMs);
    const check = () => {
      if (!holds(this)) return;
      this.#waiting.delete(check);
      clearTimeout(timer);
      resolve();
    };
    this.#waiting.add(check);
    check();
    return promise.finally(() => this.#waiting.delete(check));
  }
}
