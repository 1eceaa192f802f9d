// What goes into a bundle of evidence, gathered from the parts of the plugin.

import type { ChartLogEntry, Result } from "../../rpc-schema/index.ts";
import { writeBundle } from "../diagnostics/bundle.ts";
import { listDevices } from "./call-handlers.ts";
import type { Plugin } from "./plugin.ts";

export async function collectDiagnostics(plugin: Plugin, masked: boolean): Promise<Result<"debug.bundle">> {
  const { version, settings, availability, reporter, feed, recording, identity, recentLog } = plugin;
  const charts: ChartLogEntry[] = [];
  feed.record((entry) => charts.push(entry))();
  const { node = "", v8 = "", uv = "" } = process.versions;
  return writeBundle(
    {
      version,
      versions: { node, v8, uv, platform: `${process.platform} ${process.arch}` },
      settings: settings.get(),
      availability: availability.now(),
      devices: await listDevices(plugin),
      statistics: reporter.list().flatMap(({ callId }) => reporter.statistics(callId) ?? []),
      charts,
      log: recentLog(),
      chartLog: recording.flush(),
    },
    identity?.dataDir,
    masked,
  );
}
