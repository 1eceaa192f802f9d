// Decides whether a dead plugin is replaced because of its call, and keeps the snapshot that its successor needs.

import type { HostLink } from "../../rpc/host-link.ts";

/** A call that kills two plugins in a row is given up. */
const MAX_DEATHS_IN_A_ROW = 2;

export interface Rescue {
  /** Opaque text of the plugin, for `resume` of `initialize`. */
  readonly snapshot: string;
  readonly callId: string;
}

export class CallRescue {
  #rescue: Rescue | null = null;
  #deaths = 0;

  /** Follows the snapshots of this plugin. */
  attach(link: HostLink): void {
    link.onNotification("calls.persisted", ({ snapshot, callId }) => {
      this.#rescue = snapshot === null || callId === undefined ? null : { snapshot, callId };
    });
    // A plugin that cannot read its snapshot reports the end of the call, and persists nothing.
    link.onNotification("call.ended", ({ callId }) => {
      if (callId === this.#rescue?.callId) this.#rescue = null;
    });
    link.onNotification("call.changed", ({ phase }) => {
      if (phase === "connected") this.#deaths = 0;
    });
  }

  /** The plugin and its calls end on purpose. */
  forget(): void {
    this.#rescue = null;
    this.#deaths = 0;
  }

  /** Keeps the snapshot, because the successor may die before it persists one. @returns null when no successor is needed */
  pluginDied(): Rescue | null {
    if (this.#rescue) this.#deaths += 1;
    if (this.#deaths > MAX_DEATHS_IN_A_ROW) this.forget();
    return this.#rescue;
  }
}
