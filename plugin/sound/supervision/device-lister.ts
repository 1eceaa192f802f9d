// Lists ALSA's devices, each time in a process of its own. A scan blocks for up to 0.3 s, which would be audible on an open
// device, and a process with an open device does not see devices that were plugged in later.

import type { ChildOptions } from "../process/sound-child.ts";
import { SoundChild } from "../process/sound-child.ts";
import type { DeviceLists } from "../process/sound-messages.ts";

export class DeviceLister {
  readonly #options: ChildOptions;
  readonly #closing = new AbortController();

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  /** @throws SoundError */
  async list(): Promise<DeviceLists> {
    const child = new SoundChild(this.#options, { onBlock: ignore, onHeartbeat: ignore, onExit: ignore });
    const end = () => void child.kill();
    this.#closing.signal.addEventListener("abort", end);
    try {
      return await child.list();
    } finally {
      this.#closing.signal.removeEventListener("abort", end);
      await child.kill();
    }
  }

  /** Ends the listings in progress. */
  close(): void {
    this.#closing.abort();
  }
}

function ignore(): void {
  // A process that only lists has no other events.
}
