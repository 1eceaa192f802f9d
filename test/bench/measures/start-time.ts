// The time from the start of the plugin's process to its answer to `initialize`.

import { startPlugin } from "../../../plugin/host/process/plugin-process.ts";
import { DIST_MAIN } from "../bench-side.ts";

const SETTINGS = {
  iceServers: [],
  signalling: { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false },
};

/** @returns the time of each start, ms */
export async function measureStarts(count: number): Promise<number[]> {
  const timesMs: number[] = [];
  for (let start = 0; start < count; start += 1) timesMs.push(await measureStart());
  return timesMs;
}

async function measureStart(): Promise<number> {
  const startMs = performance.now();
  const plugin = startPlugin({ program: process.execPath, args: [DIST_MAIN] }, process.env, () => undefined);
  try {
    await plugin.link.request("initialize", {
      protocolVersion: 1,
      host: { name: "bench" },
      identity: { label: "bench" },
      settings: SETTINGS,
    });
    return performance.now() - startMs;
  } finally {
    await plugin.stop();
  }
}
