// Pages of Goop² choose a call's channel id themselves, the plugin chooses its call id: which is which, for the calls of
// one plugin process. Knows no HTTP.

import { BoundedMap } from "../../common/bounded-map.ts";

/** A page that starts calls which end unheard must not fill the memory; one call at a time is usual. */
const MAX_NAMES = 64;

export class ChannelNames {
  readonly #calls = new BoundedMap<string, string>(MAX_NAMES);

  set(channel: string, callId: string): void {
    this.#calls.set(channel, callId);
  }

  /** An incoming call's channel is its call id already. */
  callOf(channel: string): string {
    return this.#calls.get(channel) ?? channel;
  }

  channelOf(callId: string): string {
    for (const [channel, known] of this.#calls.entries()) if (known === callId) return channel;
    return callId;
  }

  forget(callId: string): void {
    this.#calls.delete(this.channelOf(callId));
  }

  clear(): void {
    this.#calls.clear();
  }
}
