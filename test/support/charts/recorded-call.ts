// Records a call between two complete plugins in memory: the charts of the caller and their entries.

import {
  CHART_LOG_VERSION,
  type ChartDescription,
  type ChartLogEntry,
  PROTOCOL_VERSION,
} from "../../../rpc-schema/index.ts";
import { createFakeSignallingNetwork } from "../fakes/fake-signalling.ts";
import { PluginBench } from "../plugin/plugin-pair.ts";

export interface RecordedCall {
  readonly charts: ChartDescription[];
  readonly entries: ChartLogEntry[];
  readonly callId: string;
}

/** The caller starts the call, connects and hangs up. @param options.fails the caller's engine refuses the answer */
export async function recordCall({ fails = false } = {}): Promise<RecordedCall> {
  const network = createFakeSignallingNetwork();
  const [alice, bob] = [new PluginBench(network), new PluginBench(network)];
  try {
    await alice.start({ debugging: true });
    const bobId = await bob.start();
    alice.engine.faults.refusesDescriptions = fails;
    const { charts } = await alice.host.request("charts.list", {});
    const { startedAt } = await alice.host.request("charts.subscribe", {});
    const { callId } = await alice.host.request("call.start", { peerId: bobId, media: "video" });
    await bob.waitFor("call.incoming", (call) => call.callId === callId);
    await bob.host.request("call.accept", { callId });
    if (!fails) {
      await alice.waitFor("call.changed", ({ phase }) => phase === "connected");
      await alice.host.request("call.hangup", { callId });
    }
    await alice.waitFor("call.ended");
    const path = `callManager/call:${callId}`;
    const recorded = () => alice.notificationsNamed("charts.recorded").flatMap(({ entries }) => entries);
    await alice.waitFor("charts.recorded", () =>
      recorded().some((entry) => entry.kind === "step" && entry.id === path && entry.status === "done"),
    );
    const plugin = { name: "goop-call-plugin", version: `protocol ${PROTOCOL_VERSION}` };
    const head: ChartLogEntry = { kind: "log", version: CHART_LOG_VERSION, plugin, startedAt, masked: false };
    return { charts, entries: [head, ...recorded()], callId };
  } finally {
    for (const { host } of [alice, bob]) host.close();
  }
}

/** @returns the log as the plugin writes it */
export function logText(entries: readonly ChartLogEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
}
