// Starts a bridge: Goop²'s HTTP API as transport, the plugin, and the call page.

import type { DeepPartial, Settings } from "../../../rpc-schema/index.ts";
import { type Host, type HostOptions, startHost } from "../host.ts";
import { createGoopClient } from "./goop-client.ts";
import { attachToGoop, type GoopTimings } from "./goop-transport.ts";

export interface BridgeOptions extends Pick<HostOptions, "port" | "pluginCommand" | "env" | "onLog"> {
  /** Goop²'s address, as `readGoopAddress` returns it. */
  readonly goop: URL;
  readonly settings?: DeepPartial<Settings>;
  /** Reports to the user that Goop² does not answer, was lost, or is back. */
  report(line: string): void;
  /** Ends the wait for a Goop² that does not answer. `stop` ends a bridge that runs. */
  readonly signal: AbortSignal;
  readonly timings?: Partial<GoopTimings>;
  /** Time limit for an answer of Goop², milliseconds. */
  readonly answerMs?: number;
}

export interface Bridge {
  readonly host: Host;
  readonly selfId: string;
  /** Resolves with the reason when the bridge can no longer work. It still has to be stopped. */
  readonly unusable: Promise<string>;
  /** Hangs up, ends the plugin and the page server. Idempotent. */
  stop(): Promise<void>;
}

/** Resolves when the page can be opened, however long Goop² takes to answer. @throws the signal's reason */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const { goop, report, signal, timings, answerMs, settings, ...hostOptions } = options;
  const client = createGoopClient(goop, answerMs);
  const transport = await attachToGoop({ client, report, signal, ...(timings ? { timings } : {}) });
  try {
    const host = await startHost({
      ...hostOptions,
      label: transport.label,
      transport,
      settings: { videoDisabled: transport.videoDisabled, ...settings },
    });
    transport.followVideoDisabled((videoDisabled) => host.updateSettings({ videoDisabled }));
    return {
      host,
      selfId: transport.selfId,
      unusable: transport.unusable,
      async stop() {
        await host.stop();
        await transport.end();
      },
    };
  } catch (error) {
    transport.close();
    throw error;
  }
}
