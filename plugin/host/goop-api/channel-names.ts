// Maps the channel ids that Goop²'s pages choose to the call ids that the plugin chooses, for one plugin process.

import { BoundedMap } from "../../common/bounded-map.ts";

/** Limits what a page can fill with calls whose end goes unnoticed. One call at a time is usual. */
const MAX_CHANNELS = 64;

export class ChannelNames {
  readonly #callIds = new BoundedMap<string, string>(MAX_CHANNELS);

  set(channel: string, callId: string): void {
    this.#callIds.set(channel, callId);
  }

  /** An incoming call's channel id is its call id. */
  callOf(channel: string): string {
    return this.#callIds.get(channel) ?? channel;
  }

  channelOf(callId: string): string {
    for (const [channel, id] of this.#callIds.entries()) if (id === callId) return channel;
    return callId;
  }

  forget(callId: string): void {
    this.#callIds.delete(this.channelOf(callId));
  }

  clear(): void {
    this.#callIds.clear();
  }
}
