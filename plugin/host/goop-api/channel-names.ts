// Pages of Goop² choose a call's channel id themselves, the plugin chooses its call id: which is which, for the calls of
// one plugin process. Knows no HTTP.

/** A page that starts calls which end unheard must not fill the memory; one call at a time is usual. */
const MAX_NAMES = 64;

export class ChannelNames {
  readonly #calls = new Map<string, string>();

  set(channel: string, callId: string): void {
    this.#calls.set(channel, callId);
    // A map keeps the order in which its entries were added.
    const [oldest] = this.#calls.keys();
    if (this.#calls.size > MAX_NAMES && oldest !== undefined) this.#calls.delete(oldest);
  }

  /** An incoming call's channel is its call id already. */
  callOf(channel: string): string {
    return this.#calls.get(channel) ?? channel;
  }

  channelOf(callId: string): string {
    for (const [channel, known] of this.#calls) if (known === callId) return channel;
    return callId;
  }

  forget(callId: string): void {
    this.#calls.delete(this.channelOf(callId));
  }

  clear(): void {
    this.#calls.clear();
  }
}
