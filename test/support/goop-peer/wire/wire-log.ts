// The messages that a peer has received, one per stream, for the checks of the tests.

/** One incoming stream of `/goop/mq/1.0.0`. */
export interface ReceivedStream {
  readonly from: string;
  /** All bytes, including those after the message. */
  readonly text: string;
  readonly message: Record<string, unknown>;
  /** Decrypted if it was sealed. */
  readonly payload: unknown;
  readonly wasSealed: boolean;
  readonly wasAcknowledged: boolean;
  readonly atMs: number;
}

export class WireLog {
  readonly #streams: ReceivedStream[] = [];
  readonly #waiting = new Set<() => void>();

  add(stream: ReceivedStream): void {
    this.#streams.push(stream);
    for (const check of [...this.#waiting]) check();
  }

  /** In the order of arrival. */
  get streams(): readonly ReceivedStream[] {
    return this.#streams;
  }

  /** The payloads of one call, optionally of one type. */
  callPayloads(channel: string, type?: string): Record<string, unknown>[] {
    return this.#streams
      .filter(({ message }) => message.topic === `call:${channel}`)
      .map(({ payload }) => payload as Record<string, unknown>)
      .filter((payload) => type === undefined || payload?.type === type);
  }

  forget(): void {
    this.#streams.length = 0;
  }

  /** Resolves when `fits` is true. It is checked after every message. @throws Error that lists the messages so far */
  until(fits: (log: WireLog) => boolean, limitMs = 20_000): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      const seen = this.#streams.map(
        ({ message, payload }) => `${message.topic} ${JSON.stringify(payload)?.slice(0, 60)}`,
      );
      reject(new Error(`not within ${limitMs} ms; received so far:\n${seen.join("\n")}`));
    }, limitMs);
    const check = () => {
      if (!fits(this)) return;
      this.#waiting.delete(check);
      clearTimeout(timer);
      resolve();
    };
    this.#waiting.add(check);
    check();
    return promise.finally(() => this.#waiting.delete(check));
  }
}
