// The bridge put together: a running viewer as carrier, the plugin, and the call page. Prints nothing.

import type { DeepPartial, Settings } from "../../../rpc-schema/index.ts";
import { type Host, type HostOptions, startHost } from "../host.ts";
import { createGoopClient } from "./goop-client.ts";
import { attachToGoop, type GoopTimings } from "./goop-transport.ts";

export interface BridgeOptions extends Pick<HostOptions, "port" | "pluginCommand" | "env" | "onLog"> {
  /** The viewer's address, as `readViewerAddress` gives it. */
  readonly viewer: URL;
  readonly settings?: DeepPartial<Settings>;
  /** For people: a viewer that does not answer, is lost, is back. */
  tell(line: string): void;
  /** Ends the wait for a viewer that does not answer; a bridge that runs is ended by `stop`. */
  readonly signal: AbortSignal;
  readonly timings?: Partial<GoopTimings>;
  /** Until the viewer must answer a request, milliseconds. */
  readonly answerMs?: number;
}

export interface Bridge {
  readonly host: Host;
  readonly selfId: string;
  /** Resolves, with the reason, when the bridge is of no use any more; it still has to be stopped. */
  readonly useless: Promise<string>;
  /** Hangs up, ends the plugin and the page. Idempotent. */
  stop(): Promise<void>;
}

/** Resolves when the page can be opened, however long the viewer takes to answer. @throws the signal's reason */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const { viewer, tell, signal, timings, answerMs, settings, ...forHost } = options;
  const http = createGoopClient(viewer, answerMs);
  const carrier = await attachToGoop({ http, tell, signal, ...(timings ? { timings } : {}) });
  try {
    const host = await startHost({
      ...forHost,
      label: carrier.label,
      carrier,
      settings: { videoDisabled: carrier.videoDisabled, ...settings },
    });
    return {
      host,
      selfId: carrier.selfId,
      useless: carrier.useless,
      async stop() {
        await host.stop();
        carrier.close();
      },
    };
  } catch (error) {
    carrier.close();
    throw error;
  }
}
