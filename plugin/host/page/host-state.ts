// The state that a host shows to its pages: one object, sent whole after each change.

import { HOST_STATE, type HostState } from "../../http/page-messages.ts";
import type { PluginExit } from "../process/plugin-process.ts";

export class HostStatePublisher {
  readonly #broadcast: (message: string) => void;
  #state: HostState;

  constructor(initial: HostState, broadcast: (message: string) => void) {
    this.#state = initial;
    this.#broadcast = broadcast;
  }

  get state(): HostState {
    return this.#state;
  }

  /** The notification `host.state`. */
  get message(): string {
    return JSON.stringify({ jsonrpc: "2.0", method: HOST_STATE, params: this.#state });
  }

  update(change: Partial<HostState>): void {
    this.#state = { ...this.#state, ...change };
    this.#broadcast(this.message);
  }

  /** @param exit null when the user switched the plugin off */
  showStopped(exit: PluginExit | null): void {
    const plugin = exit
      ? ({ state: "stopped", why: exit.why, lastLine: logMessage(exit.lastLine) } as const)
      : ({ state: "off" } as const);
    this.update({ plugin, signalling: undefined, availability: undefined });
  }
}

/** The plugin logs JSON lines. Pages show only the message. */
function logMessage(line: string): string {
  if (!line.startsWith("{")) return line;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry === "object" && entry !== null && "message" in entry) return String(entry.message);
  } catch {
    // Not a line of the plugin's log. It is shown unchanged.
  }
  return line;
}
