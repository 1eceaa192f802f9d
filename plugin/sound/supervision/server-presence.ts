// What the keeper of the devices knows of the sound server while it keeps any: whether a fault is the server's, and
// whether it came back since the last try. Without such a server on the machine every fault is the device's.

import type { ServerMonitor, ServerMonitorEvents } from "./server-monitor.ts";
import { monitorSoundServer, soundServerSocket } from "./server-monitor.ts";

export class ServerPresence {
  readonly #path: string | null;
  readonly #events: ServerMonitorEvents;
  #watch: ServerMonitor | null = null;
  #wasThere = false;
  #hasReturned = false;

  constructor(env: NodeJS.ProcessEnv, events: ServerMonitorEvents) {
    this.#path = soundServerSocket(env);
    this.#events = events;
  }

  /** Idempotent. */
  watch(): void {
    this.#watch ??= monitorSoundServer(this.#path, {
      onGone: () => {
        this.#hasReturned = false;
        this.#events.onGone();
      },
      onBack: () => {
        this.#hasReturned = this.#wasThere;
        this.#wasThere = true;
        if (this.#hasReturned) this.#events.onBack();
      },
    });
  }

  close(): void {
    this.#watch?.close();
    this.#watch = null;
    this.#wasThere = false;
    this.#hasReturned = false;
  }

  /** True once after each return. */
  takeReturn(): boolean {
    const hasReturned = this.#hasReturned;
    this.#hasReturned = false;
    return hasReturned;
  }

  /** @param knowsOthers that other devices are there shows that sound as such works */
  isDeviceAtFault(knowsOthers: boolean): boolean {
    if (this.#wasThere) return this.#watch?.isUp === true;
    return knowsOthers;
  }
}
