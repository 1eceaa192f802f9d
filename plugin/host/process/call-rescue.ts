// Decides whether a plugin that died is started again for the call it was in, and holds what the next one needs to go on
// with it. Starts nothing itself; what a snapshot says is the plugin's alone.

import type { HostLink } from "../../rpc/host-link.ts";

/** A call that kills each plugin soon after it was taken up is not worth a third. */
const MAX_DEATHS_IN_A_ROW = 2;

export interface Rescue {
  readonly snapshot: string;
  readonly callId: string;
}

export class CallRescue {
  #kept: Rescue | null = null;
  #deaths = 0;

  /** Follows what this plugin gives to keep. */
  attach(link: HostLink): void {
    link.onNotification("calls.persisted", ({ snapshot, callId }) => {
      this.#kept = snapshot === null || callId === undefined ? null : { snapshot, callId };
    });
    // A plugin that could not read what it was given has nothing else to say of it.
    link.onNotification("call.ended", ({ callId }) => {
      if (callId === this.#kept?.callId) this.#kept = null;
    });
    link.onNotification("call.changed", ({ phase }) => {
      if (phase === "connected") this.#deaths = 0;
    });
  }

  /** The plugin is ended on purpose, and so are its calls. */
  forget(): void {
    this.#kept = null;
    this.#deaths = 0;
  }

  /** The plugin died; it may do so again before it gave anything to keep. @returns null where no other is to be started */
  pluginDied(): Rescue | null {
    if (this.#kept) this.#deaths += 1;
    if (this.#deaths > MAX_DEATHS_IN_A_ROW) this.forget();
    return this.#kept;
  }
}
