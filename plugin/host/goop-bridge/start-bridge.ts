// Starts a bridge: Goop²'s HTTP API as transport, the plugin, and the call page.

import type { DeepPartial, Settings } from "../../../rpc-schema/index.ts";
import { logPageRefusals, type RefusalLog } from "../../common/refusal-log.ts";
import { type GoopPages, startGoopPages } from "../goop-pages/goop-pages.ts";
import { type Host, type HostOptions, startHost } from "../host.ts";
import { createGoopClient } from "./goop-client.ts";
import { attachToGoop, type GoopTimings, type GoopTransport } from "./goop-transport.ts";

export interface BridgeOptions extends Pick<HostOptions, "port" | "pluginCommand" | "env" | "onLog"> {
  /** Goop²'s address, as `readGoopAddress` returns it. */
  readonly goop: URL;
  /** The port of Goop²'s own pages. 0 or none takes a free one. */
  readonly pagesPort?: number;
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
  /** Goop²'s own pages, whose calls the plugin makes. */
  readonly pages: GoopPages;
  readonly selfId: string;
  /** Resolves with the reason when the bridge can no longer work. It still has to be stopped. */
  readonly unusable: Promise<string>;
  /** Hangs up, ends the plugin and the page server. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Resolves when the pages can be opened, however long Goop² takes to answer.
 * @throws the signal's reason; Error with code EADDRINUSE when a port is in use
 */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const { goop, pagesPort = 0, report, signal, timings, answerMs, settings, ...hostOptions } = options;
  const client = createGoopClient(goop, answerMs);
  const transport = await attachToGoop({ client, report, signal, ...(timings ? { timings } : {}) });
  let pages: GoopPages | undefined;
  try {
    const open = await startGoopPages({ goop, port: pagesPort });
    pages = open;
    const host = await startHost({
      ...hostOptions,
      label: transport.label,
      transport,
      pageOrigins: [open.origin],
      settings: { videoDisabled: transport.videoDisabled, ...settings },
    });
    const { onLog = () => undefined } = options;
    return bridgeOf({
      host,
      pages: open,
      transport,
      refusalLog: logPageRefusals(() => open.turnedAway(), onLog),
    });
  } catch (error) {
    transport.close();
    await pages?.close();
    throw error;
  }
}

interface BridgeParts extends Pick<Bridge, "host" | "pages"> {
  readonly transport: GoopTransport;
  readonly refusalLog: RefusalLog;
}

function bridgeOf({ host, pages, transport, refusalLog }: BridgeParts): Bridge {
  pages.attach(host);
  transport.followVideoDisabled((videoDisabled) => host.updateSettings({ videoDisabled }));
  return {
    host,
    pages,
    selfId: transport.selfId,
    unusable: transport.unusable,
    async stop() {
      refusalLog.close();
      await pages.close();
      await host.stop();
      await transport.end();
    },
  };
}
